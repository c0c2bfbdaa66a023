import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { useSetParameters } from '../navigation/use-set-parameters.ts';

interface Props {
  /** Of the page that is shown, as `cursor` of the URL; null: the latest. */
  cursor: string | null;
  /** Of the page after it; null: there is none. */
  next: string | null;
}

/** From page to page of a list that has the latest first. */
export function CursorPages({ cursor, next }: Props) {
  const styles = useStyles2(getStyles);
  const set = useSetParameters();
  return (
    <div className={styles.pages}>
      {cursor !== null && (
        <Button size="sm" variant="secondary" onClick={() => set({ cursor: null }, 'go')}>
          Latest
        </Button>
      )}
      {next !== null && (
        <Button size="sm" variant="secondary" onClick={() => set({ cursor: next }, 'go')}>
          Older
        </Button>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pages: css({
    display: 'flex',
    justifyContent: 'flex-end',
    gap: theme.spacing(1),
    marginTop: theme.spacing(1),
  }),
});
