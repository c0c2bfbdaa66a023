import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Field, TimeZonePicker, useStyles2 } from '@grafana/ui';
import type { UseQueryResult } from '@tanstack/react-query';
import { useId } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { ApiProblem } from '../../api/problem.ts';
import type { Answer } from '../../api/use-api.ts';
import { instant } from '../../figures/time.ts';
import { useHost } from '../../host/host.ts';
import { Panel, PanelGrid } from '../../panels/Panel.tsx';
import { QueryContent } from '../../panels/QueryPanel.tsx';
import { useTimeZone } from '../../period/time-zone.tsx';

export type Session = Answer<'/v1/session'>;

const SCOPE_WORDS: Record<string, string> = {
  ingest: 'send events',
  read: 'see everything',
  admin: 'see and change everything',
  metrics: 'read metrics for Prometheus',
};

/** The tenant whose calls are seen, what may be done with it, and in which zone days are counted. */
export function AccountTab({ session }: { session: UseQueryResult<Session, ApiProblem> }) {
  const styles = useStyles2(getStyles);
  const { user, kind } = useHost();
  const { timeZone, setTimeZone } = useTimeZone();
  const [search] = useSearchParams();
  const id = useId();
  return (
    <PanelGrid>
      <Panel title="Who is signed in" span={6}>
        <QueryContent query={session} height={160}>
          {(told) => (
            <dl className={styles.facts}>
              {kind === 'grafana' && (
                <>
                  <dt>Grafana user</dt>
                  <dd>
                    {user.name}, {user.mayChange ? 'may change things' : 'may only read'}
                  </dd>
                </>
              )}
              <dt>Tenant</dt>
              <dd>
                {told.tenant_name} (<code>{told.tenant_id}</code>){told.is_operator && ', the operator'}
              </dd>
              <dt>{kind === 'grafana' ? 'The plugin’s API key' : 'Signed in with'}</dt>
              <dd>{told.key_id === null ? 'a one-time link' : <code>{told.key_id}</code>}</dd>
              <dt>May</dt>
              <dd>{told.scopes.map((scope) => SCOPE_WORDS[scope] ?? scope).join(', ')}</dd>
              <dt>Until</dt>
              <dd>{told.expires_at === null ? 'no end' : instant(told.expires_at, timeZone)}</dd>
            </dl>
          )}
        </QueryContent>
      </Panel>
      <Panel title="Time zone" span={6}>
        <Field
          label="Days, weeks and months are those of"
          description={
            search.has('timezone')
              ? 'This address has a time zone of its own, which goes first; choosing one here takes it out.'
              : 'Kept for you; a link with a time zone of its own shows that one.'
          }
          htmlFor={id}
        >
          <TimeZonePicker
            inputId={id}
            includeInternal
            value={timeZone}
            onChange={(zone) => setTimeZone(zone ?? '')}
          />
        </Field>
      </Panel>
    </PanelGrid>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'max-content minmax(0, 1fr)',
    gap: theme.spacing(0.5, 2),
    margin: 0,
    '& dt': { fontWeight: 'normal', color: theme.colors.text.secondary },
    '& dd': { margin: 0, overflowWrap: 'anywhere' },
  }),
});
