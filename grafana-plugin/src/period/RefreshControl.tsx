import { Button, ButtonGroup, Dropdown, Menu } from '@grafana/ui';

interface Props {
  /** As in the URL, e.g. '30s'; '' for never. */
  every: string;
  choices: string[];
  isLoading: boolean;
  onRefresh: () => void;
  onEvery: (interval: string) => void;
}

/** Refresh now, or every so often. Grafana's own RefreshPicker has a button without a name, which screen readers cannot say. */
export function RefreshControl({ every, choices, isLoading, onRefresh, onEvery }: Props) {
  const menu = (
    <Menu>
      <Menu.Item label="Off" active={every === ''} onClick={() => onEvery('')} />
      {choices.map((choice) => (
        <Menu.Item
          key={choice}
          label={`Every ${choice}`}
          active={choice === every}
          onClick={() => onEvery(choice)}
        />
      ))}
    </Menu>
  );
  return (
    <ButtonGroup>
      <Button
        variant="secondary"
        icon={isLoading ? 'spinner' : 'sync'}
        aria-label={isLoading ? 'Loading' : 'Refresh'}
        tooltip="Refresh"
        onClick={onRefresh}
      />
      <Dropdown overlay={menu} placement="bottom-end">
        <Button
          variant="secondary"
          icon="angle-down"
          aria-label={every === '' ? 'Refresh by itself: off' : `Refresh by itself: every ${every}`}
        >
          {every}
        </Button>
      </Dropdown>
    </ButtonGroup>
  );
}
