import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useId, useState } from 'react';
import { pointTime } from '../figures/time.ts';
import { CaptionButton } from './CaptionButton.tsx';

/** Whether the table of a chart is shown, and the id of its element. */
export interface ShownTable {
  id: string;
  isShown: boolean;
  toggle: () => void;
}

export function useShownTable(): ShownTable {
  const id = useId();
  const [isShown, setIsShown] = useState(false);
  return { id, isShown, toggle: () => setIsShown(!isShown) };
}

/** Shows the table of a chart, and hides it. */
export function ChartTableButton({ table: { id, isShown, toggle } }: { table: ShownTable }) {
  return (
    <CaptionButton aria-expanded={isShown} aria-controls={id} onClick={toggle}>
      {isShown ? 'Hide table' : 'As a table'}
    </CaptionButton>
  );
}

interface Props {
  table: ShownTable;
  /** Of the chart. */
  label: string;
  /** Epoch milliseconds: a row each. */
  times: number[];
  groupBy: 'hour' | 'day' | 'week' | 'month';
  timeZone: string;
  columns: { key: string; header: string; text: (row: number) => string }[];
}

/** The figures of a chart in words: charts are canvases, which screen readers cannot read. */
export function ChartTable({ table, label, times, groupBy, timeZone, columns }: Props) {
  const styles = useStyles2(getStyles);
  if (!table.isShown) return null;
  return (
    <div
      className={styles.holder}
      id={table.id}
      tabIndex={0}
      role="region"
      aria-label={`${label}, as a table`}
    >
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {columns.map(({ key, header }) => (
              <th key={key} scope="col">
                {header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((ms, row) => (
            <tr key={ms}>
              <th scope="row">{pointTime(ms, groupBy, timeZone)}</th>
              {columns.map(({ key, text }) => (
                <td key={key}>{text(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  holder: css({ maxHeight: 260, overflow: 'auto', marginTop: theme.spacing(1) }),
  table: css({
    width: '100%',
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
    'td, th': {
      padding: theme.spacing(0.5, 1),
      textAlign: 'right',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
      whiteSpace: 'nowrap',
    },
    'th:first-of-type': { textAlign: 'left', fontWeight: 'normal' },
  }),
});
