import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { count, usd } from '../figures/format.ts';
import { signed } from '../figures/signed.ts';
import { dimensionLabel } from '../filters/dimensions.ts';
import { Change } from './Change.tsx';
import type { Comparison } from './ChangeTable.tsx';
import { costChangeParts } from './cost-change.ts';
import { Nothing } from './Nothing.tsx';

/** The change of cost split into its reasons, as bars from the middle: left saves, right costs. */
export function CostChangeParts({
  answer: { members, other, total },
  dimensions,
}: {
  answer: Comparison;
  dimensions: [string, string];
}) {
  const styles = useStyles2(getStyles);
  const parts = costChangeParts([
    ...members.map(({ label, previous, current }) => ({ label, previous, current })),
    ...(other
      ? [{ label: `Other (${other.members})`, previous: other.previous, current: other.current }]
      : []),
  ]);
  if (!parts)
    return (
      <Nothing>
        In one of the two periods no call has a price, so a change of cost cannot be explained.
      </Nothing>
    );
  const groups = dimensions.map((one) => dimensionLabel(one).toLowerCase()).join(' and ');
  const came = members.filter(({ status }) => status === 'new').map(({ label }) => label);
  const went = members.filter(({ status }) => status === 'gone').map(({ label }) => label);
  const rows = [
    {
      label: 'Number of calls',
      usd: parts.moreCalls,
      note: `${count(total.current.total_requests)} instead of ${count(total.previous.total_requests)}`,
    },
    {
      label: `Calls of another ${groups}`,
      usd: parts.mix,
      note:
        [came.length > 0 ? `new: ${listed(came)}` : '', went.length > 0 ? `gone: ${listed(went)}` : '']
          .filter((text) => text !== '')
          .join('; ') || 'dearer or cheaper ones were called more often',
    },
    {
      label: `Cost of a call of the same ${groups}`,
      usd: parts.dearerCalls,
      note: parts.byGroup
        .slice(0, 3)
        .map(({ label, usd: amount }) => `${label} ${signed(usd, amount)}`)
        .join('; '),
    },
  ];
  const largest = Math.max(...rows.map((row) => Math.abs(row.usd)), Number.MIN_VALUE);
  return (
    <table className={styles.table}>
      <caption className={styles.caption}>Where the change comes from</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.label}>
            <th scope="row">
              {row.label}
              <div className={styles.note}>{row.note}</div>
            </th>
            <td className={styles.barCell} aria-hidden>
              <div className={styles.middle}>
                <div
                  className={row.usd < 0 ? styles.less : styles.more}
                  style={{ width: `${(50 * Math.abs(row.usd)) / largest}%` }}
                />
              </div>
            </td>
            <td className={styles.amount}>
              <Change value={row.usd} text={signed(usd, row.usd)} />
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Change of cost</th>
          <td className={styles.barCell} aria-hidden />
          <td className={styles.amount}>
            <Change value={parts.change} text={signed(usd, parts.change)} />
          </td>
        </tr>
      </tfoot>
    </table>
  );
}

function listed(labels: string[]): string {
  const shown = labels.slice(0, 3).join(', ');
  return labels.length > 3 ? `${shown} and ${labels.length - 3} more` : shown;
}

const getStyles = (theme: GrafanaTheme2) => {
  const bar = { position: 'absolute', top: 6, bottom: 6 } as const;
  return {
    table: css({
      width: '100%',
      'td, th': {
        padding: theme.spacing(0.75, 1),
        textAlign: 'left',
        fontWeight: 'normal',
        verticalAlign: 'top',
        borderBottom: `1px solid ${theme.colors.border.weak}`,
        overflowWrap: 'anywhere',
      },
      'tfoot th': { fontWeight: theme.typography.fontWeightMedium },
    }),
    caption: css({ color: theme.colors.text.secondary, captionSide: 'top', textAlign: 'left' }),
    note: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
    barCell: css({ width: '30%', [theme.breakpoints.down('md')]: { display: 'none' } }),
    middle: css({
      position: 'relative',
      height: 28,
      background: `linear-gradient(${theme.colors.border.medium}, ${theme.colors.border.medium}) center / 1px 100% no-repeat`,
    }),
    more: css({ ...bar, left: '50%', background: theme.colors.error.main }),
    less: css({ ...bar, right: '50%', background: theme.colors.success.main }),
    amount: css({ '&&': { textAlign: 'right', whiteSpace: 'nowrap' } }),
  };
};
