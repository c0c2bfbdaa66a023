import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Checkbox, useStyles2 } from '@grafana/ui';
import { EVENT_FIELDS, FIELD_NAMES, type EventFieldName } from './event-fields.ts';

/** Which columns the list has; the time is always one. */
export function ColumnChoice({
  columns,
  onChange,
}: {
  columns: EventFieldName[];
  onChange: (columns: EventFieldName[]) => void;
}) {
  const styles = useStyles2(getStyles);
  return (
    // A form in a menu: its clicks are its own, and leave the menu open.
    <div
      role="group"
      aria-label="Columns"
      className={styles.menu}
      onClick={(event) => event.stopPropagation()}
    >
      {FIELD_NAMES.filter((name) => name !== 'timestamp').map((name) => (
        <Checkbox
          key={name}
          label={EVENT_FIELDS[name].label}
          value={columns.includes(name)}
          onChange={({ currentTarget: { checked } }) =>
            onChange(FIELD_NAMES.filter((one) => (one === name ? checked : columns.includes(one))))
          }
        />
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  menu: css({
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: theme.spacing(0.5),
    width: 280,
    maxWidth: '90vw',
    maxHeight: '60vh',
    overflowY: 'auto',
    padding: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
  }),
});
