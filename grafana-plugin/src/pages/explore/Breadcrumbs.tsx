import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { dimensionLabel } from '../../filters/dimensions.ts';
import { membersText } from '../../filters/filter-conditions.ts';
import type { ExploreState } from './use-explore.ts';

/** The way down that was clicked: each step leads back to where it was taken. */
export function Breadcrumbs({ state }: { state: ExploreState }) {
  const styles = useStyles2(getStyles);
  const { filters, backTo } = state;
  if (filters.length === 0) return null;
  return (
    <nav aria-label="The way here">
      <ol className={styles.list}>
        <li>
          <Link to={{ search: backTo(0) }} className={styles.link}>
            Everything
          </Link>
        </li>
        {filters.map(({ dimension, operator, values }, index) => {
          const text = `${dimensionLabel(dimension)} ${operator === 'is' ? '' : operator === 'not' ? 'not ' : 'from '}${membersText(dimension, values)}`;
          const isLast = index === filters.length - 1;
          return (
            <li key={text} className={styles.step}>
              <Icon name="angle-right" size="sm" aria-hidden />
              {isLast ? (
                <span aria-current="location">{text}</span>
              ) : (
                <Link to={{ search: backTo(index + 1) }} className={styles.link}>
                  {text}
                </Link>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5),
    listStyle: 'none',
    margin: theme.spacing(0, 0, 2),
    padding: 0,
    overflowWrap: 'anywhere',
  }),
  step: css({ display: 'inline-flex', alignItems: 'center', gap: theme.spacing(0.5) }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline', lineHeight: '24px' }),
});
