import { Button, Checkbox, IconButton, Input } from '@grafana/ui';
import { FormGroup, FormLine } from '../../../panels/FormLayout.tsx';
import { WEEKDAYS } from '../../../period/weekdays.ts';
import type { MuteWindow } from './rule-form-state.ts';

/** Times of the week at which nothing is sent. */
export function MuteWindows({
  windows,
  problem,
  onChange,
}: {
  windows: MuteWindow[];
  problem: string | undefined;
  onChange: (windows: MuteWindow[]) => void;
}) {
  const set = (index: number, changes: Partial<MuteWindow>): void =>
    onChange(windows.map((one, at) => (at === index ? { ...one, ...changes } : one)));
  return (
    <FormGroup
      legend="Mute windows"
      note="Nothing is sent in them; what still fires afterwards is told then. One that ends before it starts goes on into the next day."
    >
      {windows.map((window, index) => (
        <FormLine key={index} label={`Mute window ${index + 1}`}>
          {WEEKDAYS.map((day) => (
            <Checkbox
              key={day}
              label={day.slice(0, 1).toUpperCase() + day.slice(1, 3)}
              aria-label={day}
              value={window.days.includes(day)}
              onChange={(event) =>
                set(index, {
                  days: event.currentTarget.checked
                    ? WEEKDAYS.filter((one) => one === day || window.days.includes(one))
                    : window.days.filter((one) => one !== day),
                })
              }
            />
          ))}
          <Input
            aria-label="From"
            width={12}
            placeholder="22:00"
            value={window.start}
            onChange={(event) => set(index, { start: event.currentTarget.value })}
          />
          <Input
            aria-label="To"
            width={12}
            placeholder="06:00"
            value={window.end}
            onChange={(event) => set(index, { end: event.currentTarget.value })}
          />
          <IconButton
            name="trash-alt"
            size="lg"
            tooltip={`Take mute window ${index + 1} out`}
            onClick={() => onChange(windows.filter((_one, at) => at !== index))}
          />
        </FormLine>
      ))}
      {problem !== undefined && <p role="alert">{problem}</p>}
      <Button
        type="button"
        size="sm"
        variant="secondary"
        icon="plus"
        onClick={() => onChange([...windows, { days: ['saturday', 'sunday'], start: '00:00', end: '24:00' }])}
      >
        Mute window
      </Button>
    </FormGroup>
  );
}
