import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { instant } from '../figures/time.ts';
import { useTimeZone } from '../period/time-zone.tsx';

interface FreshnessOfAnswer {
  as_of: string;
  complete_until: string;
  cache_age_seconds: number;
}

/** How old the figures of a page are, and until when they are complete. */
export function Freshness({ of }: { of: FreshnessOfAnswer | undefined }) {
  const { timeZone } = useTimeZone();
  const styles = useStyles2(getStyles);
  if (!of) return null;
  const isBehind = Date.parse(of.complete_until) < Date.parse(of.as_of);
  return (
    <p className={styles.line}>
      Computed {instant(of.as_of, timeZone)} ({timeZone})
      {of.cache_age_seconds >= 1 ? `, kept for ${Math.round(of.cache_age_seconds)} s` : ''}.{' '}
      {isBehind
        ? `Events that came late after ${instant(of.complete_until, timeZone)} are still being added.`
        : 'Everything that was sent until then is in it.'}
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({
    marginTop: theme.spacing(2),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
