import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { amountText } from '../../budgets/amount.ts';
import { outlookOf } from '../../budgets/outlook.ts';
import { percent } from '../../figures/format.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { Nothing } from '../../panels/Nothing.tsx';
import { StatusBadge } from '../../panels/StatusBadge.tsx';
import type { Summary } from './evidence-link.ts';

/** Each budget in a line, the gravest first. */
export function BudgetStates({ budgets }: { budgets: Summary['budgets'] }) {
  const styles = useStyles2(getStyles);
  const link = usePageLink();
  const to = (search: Record<string, string>): string =>
    link('costs', { keepFilters: false, search: { tab: 'budgets', ...search } });
  if (budgets.length === 0)
    return (
      <Nothing>
        There is no budget. <Link to={to({ form: 'new' })}>Make one</Link>
      </Nothing>
    );
  return (
    <ul className={styles.list}>
      {budgets
        .map((status) => ({ status, outlook: outlookOf(status) }))
        .sort((a, b) => a.outlook.rank - b.outlook.rank || b.status.percent - a.status.percent)
        .map(({ status, outlook }) => {
          const amount = (value: string): string => amountText(value, status.measure);
          return (
            <li key={status.budget_id} className={styles.item}>
              <span className={styles.state}>
                <StatusBadge tone={outlook.tone} label={outlook.label} />
              </span>
              <span>
                <Link className={styles.link} to={to({ budget: String(status.budget_id) })}>
                  {status.name}
                </Link>
                : {amount(status.spent)} of {amount(status.limit)} ({percent(status.percent)})
                {status.forecast
                  ? `, expected at the end ${amount(status.forecast.at_end)} (${percent(status.forecast.percent)})`
                  : ''}
                {status.is_lower_bound ? '; at least, some calls have no price' : ''}.
              </span>
            </li>
          );
        })}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  item: css({
    display: 'grid',
    gridTemplateColumns: '120px 1fr',
    gap: theme.spacing(1),
    padding: theme.spacing(0.5, 0),
    [theme.breakpoints.down('sm')]: { gridTemplateColumns: '1fr', gap: 0 },
  }),
  state: css({}),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
