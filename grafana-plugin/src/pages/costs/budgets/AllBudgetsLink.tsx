import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { usePageLink } from '../../../navigation/use-page-link.ts';

/** The way back from one budget. */
export function AllBudgetsLink() {
  const link = usePageLink();
  return (
    <p>
      <Link
        className={useStyles2(getStyles).link}
        to={link('costs', { keepFilters: false, search: { tab: 'budgets' } })}
      >
        All budgets
      </Link>
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
