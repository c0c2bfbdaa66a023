import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

interface Notice {
  id: number;
  kind: 'success' | 'error';
  text: string;
}

const SHOWN_MS = 6000;
const told = new EventTarget();
let lastId = 0;

/** Shows a text for a moment, in a corner. */
export function tell(kind: Notice['kind'], text: string): void {
  lastId += 1;
  told.dispatchEvent(new CustomEvent<Notice>('notice', { detail: { id: lastId, kind, text } }));
}

export function Notices() {
  const styles = useStyles2(getStyles);
  const [notices, setNotices] = useState<Notice[]>([]);
  useEffect(() => {
    const add = (event: Event) => {
      const { detail } = event as CustomEvent<Notice>;
      setNotices((before) => [...before, detail]);
      setTimeout(() => setNotices((before) => before.filter(({ id }) => id !== detail.id)), SHOWN_MS);
    };
    told.addEventListener('notice', add);
    return () => told.removeEventListener('notice', add);
  }, []);
  return (
    <div className={styles.corner} role="status" aria-live="polite">
      {notices.map(({ id, kind, text }) => (
        <Alert
          key={id}
          severity={kind}
          title={text}
          elevated
          onRemove={() => setNotices((before) => before.filter((one) => one.id !== id))}
        />
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  corner: css({
    position: 'fixed',
    right: theme.spacing(2),
    bottom: theme.spacing(2),
    zIndex: theme.zIndex.portal,
    width: 'min(400px, calc(100vw - 32px))',
  }),
});
