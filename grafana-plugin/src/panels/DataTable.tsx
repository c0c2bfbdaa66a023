import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, IconButton, useStyles2 } from '@grafana/ui';
import { useMemo, useState, type ReactNode } from 'react';
import { csvOf, saveText } from './csv.ts';

export interface Column<Row> {
  id: string;
  header: string;
  /** What is sorted by and downloaded; null sorts last either way. */
  value: (row: Row) => string | number | null;
  /** What is shown; default: the value. */
  cell?: (row: Row) => ReactNode;
  /** Numbers stand right. */
  numeric?: boolean;
  /** Left out on phones. */
  wideOnly?: boolean;
}

export interface DataTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  /** The column that it is sorted by at first; '-cost' from high to low; default: as given. */
  sortBy?: string;
  /** Name of the downloaded file, without its ending; undefined offers no download. */
  fileName?: string;
  /** Stands below the rows whatever they are sorted by, e.g. everything else and the total. */
  footer?: Row[];
}

/** A table that sorts by its headings and downloads as CSV. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  sortBy,
  fileName,
  footer = [],
}: DataTableProps<Row>) {
  const styles = useStyles2(getStyles);
  const [sort, setSort] = useState(sortBy ?? '');
  const descending = sort.startsWith('-');
  const sortedBy = columns.find(({ id }) => id === sort.replace(/^-/, ''));
  const sorted = useMemo(() => {
    if (!sortedBy) return rows;
    const direction = descending ? -1 : 1;
    return [...rows].sort((left, right) => {
      const [a, b] = [sortedBy.value(left), sortedBy.value(right)];
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
      return (
        direction *
        (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)))
      );
    });
  }, [rows, sortedBy, descending]);

  const toggle = ({ id, numeric }: Column<Row>) =>
    setSort(sort === id ? `-${id}` : sort === `-${id}` ? id : numeric === true ? `-${id}` : id);
  const cells = (row: Row) =>
    columns.map((column, index) => {
      const content = column.cell ? column.cell(row) : column.value(row);
      const className = `${column.numeric === true ? styles.number : ''} ${column.wideOnly === true ? styles.wideOnly : ''}`;
      return index === 0 ? (
        <th key={column.id} scope="row" className={className}>
          {content}
        </th>
      ) : (
        <td key={column.id} className={className}>
          {content}
        </td>
      );
    });

  return (
    <div>
      <div className={styles.holder} tabIndex={0} role="region" aria-label={label}>
        <table className={styles.table}>
          <thead>
            <tr>
              {columns.map((column) => {
                const isSorted = sortedBy?.id === column.id;
                return (
                  <th
                    key={column.id}
                    scope="col"
                    aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : 'none'}
                    className={`${column.numeric === true ? styles.number : ''} ${column.wideOnly === true ? styles.wideOnly : ''}`}
                  >
                    <button type="button" className={styles.heading} onClick={() => toggle(column)}>
                      {column.header}
                      <Icon
                        name={isSorted && !descending ? 'arrow-up' : 'arrow-down'}
                        size="sm"
                        aria-hidden
                        style={{ opacity: isSorted ? 1 : 0 }}
                      />
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <tr key={rowKey(row)}>{cells(row)}</tr>
            ))}
          </tbody>
          {footer.length > 0 && (
            <tfoot>
              {footer.map((row) => (
                <tr key={rowKey(row)}>{cells(row)}</tr>
              ))}
            </tfoot>
          )}
        </table>
      </div>
      {fileName !== undefined && rows.length > 0 && (
        <div className={styles.below}>
          <IconButton
            name="download-alt"
            tooltip={`Download ${label} as CSV`}
            onClick={() => saveText(`${fileName}.csv`, 'text/csv', csvOf(columns, [...sorted, ...footer]))}
          />
        </div>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  holder: css({ overflowX: 'auto', maxWidth: '100%' }),
  table: css({
    width: '100%',
    fontVariantNumeric: 'tabular-nums',
    'td, th': {
      padding: theme.spacing(0.75, 1),
      textAlign: 'left',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
      verticalAlign: 'top',
      fontWeight: 'normal',
    },
    'tbody tr:hover': { background: theme.colors.action.hover },
    'tfoot td, tfoot th': { color: theme.colors.text.secondary },
    'tbody th': { maxWidth: 360, overflowWrap: 'anywhere' },
  }),
  number: css({ '&&': { textAlign: 'right', whiteSpace: 'nowrap' } }),
  wideOnly: css({ [theme.breakpoints.down('md')]: { display: 'none' } }),
  heading: css({
    display: 'inline-flex',
    alignItems: 'center',
    padding: 0,
    border: 0,
    background: 'transparent',
    color: theme.colors.text.secondary,
    fontWeight: theme.typography.fontWeightMedium,
    whiteSpace: 'nowrap',
    minHeight: 24,
  }),
  below: css({
    display: 'flex',
    justifyContent: 'flex-end',
    marginTop: theme.spacing(1),
    '@media print': { display: 'none' },
  }),
});
