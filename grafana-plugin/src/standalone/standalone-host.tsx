import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect } from 'react';
import { Link } from 'react-router-dom';
import type { Host, PageFrameProps, Preferences } from '../host/host.ts';
import { tell } from './Notices.tsx';
import { request, type Session } from './session.ts';

/** The pages at /analytics: same origin as the API, the session in a cookie. */
export function createStandaloneHost(session: Session, preferences: Preferences): Host {
  return {
    kind: 'standalone',
    basePath: '',
    request,
    downloadUrl: (path) => path,
    collectorUrl: location.origin,
    user: { name: session.tenant_id, mayChange: session.scopes.includes('admin') },
    preferences,
    notify: tell,
    PageFrame: StandalonePageFrame,
  };
}

function StandalonePageFrame({ title, subTitle, actions, parent, children }: PageFrameProps) {
  const styles = useStyles2(getStyles);
  useEffect(() => {
    document.title = `${title} – PromptOps Analytics`;
  }, [title]);
  return (
    <>
      <header className={styles.header}>
        <div>
          {parent && (
            <nav aria-label="Breadcrumbs" className={styles.subTitle}>
              <Link to={parent.url}>{parent.text}</Link> /
            </nav>
          )}
          <h1 className={styles.title}>{title}</h1>
          {subTitle !== undefined && <p className={styles.subTitle}>{subTitle}</p>}
        </div>
        <div className={styles.actions}>{actions}</div>
      </header>
      {children}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    alignItems: 'flex-start',
    gap: theme.spacing(2),
    marginBottom: theme.spacing(2),
  }),
  title: css({ margin: 0, fontSize: theme.typography.h3.fontSize }),
  subTitle: css({ margin: 0, color: theme.colors.text.secondary }),
  actions: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    maxWidth: '100%',
    '@media print': { display: 'none' },
  }),
});
