import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, Field, Input, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { signIn, type Session } from './session.ts';

/** An API key for a session. The key is sent once and kept nowhere in the browser. */
export function SignIn({
  why,
  onSignedIn,
}: {
  why: string | undefined;
  onSignedIn: (session: Session) => void;
}) {
  const styles = useStyles2(getStyles);
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState(why);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async () => {
    setIsBusy(true);
    try {
      onSignedIn(await signIn({ api_key: key.trim() }));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsBusy(false);
    }
  };
  return (
    <main className={styles.page}>
      <form
        className={styles.card}
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/analytics/assets/logo.svg" width={40} height={40} alt="" />
        <h1 className={styles.title}>PromptOps Analytics</h1>
        <div aria-live="assertive">
          {problem !== undefined && <Alert severity="warning" title={problem} />}
        </div>
        <Field
          label="API key"
          htmlFor="api-key"
          description="With scope read or admin. npm start printed one at its first start, and prints a link for signing in at each."
        >
          <Input
            id="api-key"
            type="password"
            required
            autoFocus
            autoComplete="off"
            spellCheck={false}
            placeholder="po_…"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
        </Field>
        <Button type="submit" fullWidth disabled={isBusy || key.trim() === ''}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </Button>
        <p className={styles.hint}>
          No key? On the collector&apos;s machine: <code>npm run promptops -- sign-in-link</code>
        </p>
      </form>
    </main>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'grid', placeItems: 'center', minHeight: '100vh', padding: theme.spacing(2) }),
  card: css({
    width: 'min(420px, 100%)',
    padding: theme.spacing(4),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  title: css({ fontSize: theme.typography.h3.fontSize, margin: theme.spacing(1, 0, 3) }),
  hint: css({
    marginTop: theme.spacing(2),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
