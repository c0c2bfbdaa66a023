import { css } from '@emotion/css';
import type { GrafanaTheme2, IconName } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { Link } from 'react-router-dom';
import { instant } from '../../figures/time.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';
import { evidencePage, type Sentence, type Summary } from './evidence-link.ts';
import { getPrintStyles } from './print-styles.ts';

const SEVERITIES: Record<Sentence['severity'], { label: string; icon: IconName }> = {
  critical: { label: 'Critical', icon: 'exclamation-circle' },
  warning: { label: 'Warning', icon: 'exclamation-triangle' },
  info: { label: 'Note', icon: 'info-circle' },
};

/** What is worth a sentence, the gravest first, each with the page that shows where it comes from. */
export function NotableList({
  sentences,
  compareWith,
  budgets,
  timeZone,
}: {
  sentences: Sentence[];
  compareWith: string;
  budgets: Summary['budgets'];
  timeZone: string;
}) {
  const styles = useStyles2(getStyles);
  const print = useStyles2(getPrintStyles);
  const link = usePageLink();
  return (
    <ul className={styles.list}>
      {sentences.map((sentence) => {
        const { severity, text, kind } = sentence;
        const { label, icon } = SEVERITIES[severity];
        const { page, options, what } = evidencePage(sentence, compareWith, budgets);
        return (
          <li key={`${kind} ${text}`} className={styles.item}>
            <span className={`${styles.severity} ${styles[severity]}`}>
              <Icon name={icon} size="sm" aria-hidden /> {label}
            </span>
            <span>{readableTimes(text, timeZone)}</span>
            <Link className={`${styles.link} ${print.notOnPaper}`} to={link(page, options)}>
              {what}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

/** RFC 3339 times within a sentence as people write them, in the zone of the page. */
export function readableTimes(text: string, timeZone: string): string {
  return text.replace(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/g, (time) =>
    instant(time, timeZone).slice(0, 16),
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  item: css({
    display: 'grid',
    gridTemplateColumns: '100px 1fr auto',
    gap: theme.spacing(1),
    padding: theme.spacing(0.75, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:last-child': { borderBottom: 0 },
    [theme.breakpoints.down('sm')]: { gridTemplateColumns: '1fr', gap: theme.spacing(0.25) },
    '@media print': { breakInside: 'avoid' },
  }),
  severity: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    fontWeight: theme.typography.fontWeightMedium,
  }),
  critical: css({ color: theme.colors.error.text }),
  warning: css({ color: theme.colors.warning.text }),
  info: css({ color: theme.colors.text.secondary }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline', whiteSpace: 'nowrap' }),
});
