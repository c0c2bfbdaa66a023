import { Button, ConfirmModal } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useQueryClient } from '@tanstack/react-query';
import { useApi, useChange, type Answer } from '../../../api/use-api.ts';
import { count, toNumber, usd } from '../../../figures/format.ts';
import { signedUsd } from '../../../figures/signed.ts';
import { useHost } from '../../../host/host.ts';
import { READ_ONLY } from '../../../host/read-only.ts';
import { useSetParameters } from '../../../navigation/use-set-parameters.ts';
import { DataTable, type Column } from '../../../panels/DataTable.tsx';
import { Panel } from '../../../panels/Panel.tsx';
import { QueryContent } from '../../../panels/QueryPanel.tsx';
import { usePeriod } from '../../../period/use-period.ts';

type Job = Answer<'/v1/prices/reprice/{job_id}'>;
type Change = Job['changes'][number];

/** Prices stored calls anew: first a dry run that changes nothing, then, by whoever has seen it, the same for real. */
export function RepricePanel({ provider, model }: { provider: string | null; model: string | null }) {
  const { user } = useHost();
  const { range } = usePeriod();
  const [search] = useSearchParams();
  const set = useSetParameters();
  const change = useChange<{ job_id: number }>();
  const job = search.get('job');
  const whyNot = user.mayChange ? undefined : READ_ONLY;
  return (
    <Panel
      title="Price stored calls again"
      description="An event is priced when it comes and keeps its cost. After a price was added or ended, stored calls can be priced again; nothing else about them changes."
    >
      <p>
        {model === null ? 'All calls' : `Calls of ${model}`} of the chosen period that have no cost yet. The
        dry run says what would change, and changes nothing.
      </p>
      <Button
        size="sm"
        variant="secondary"
        disabled={!user.mayChange || change.isPending}
        tooltip={whyNot}
        onClick={() =>
          change.mutate(
            {
              path: '/v1/prices/reprice',
              method: 'POST',
              body: {
                start_date: range.from.toISOString(),
                end_date: range.to.toISOString(),
                ...(provider === null ? {} : { model_provider: provider }),
                ...(model === null ? {} : { model_name: model }),
                unpriced_only: true,
              },
            },
            { onSuccess: ({ job_id: id }) => set({ job: String(id) }, 'go') },
          )
        }
      >
        Dry run
      </Button>
      {job !== null && /^\d+$/.test(job) && (
        <JobState id={job} onApplied={(id) => set({ job: String(id) }, 'go')} />
      )}
    </Panel>
  );
}

const isUnderWay = (status: string): boolean => status === 'queued' || status === 'running';

function JobState({ id, onApplied }: { id: string; onApplied: (id: number) => void }) {
  const { user } = useHost();
  const client = useQueryClient();
  const change = useChange<{ job_id: number }>();
  const [isAsked, setIsAsked] = useState(false);
  const answer = useApi(
    '/v1/prices/reprice/{job_id}',
    { path: { job_id: id } },
    { every: (job) => (job === undefined || isUnderWay(job.status) ? 1000 : undefined) },
  );
  const { data, isPlaceholderData } = answer;
  const isDone = !isPlaceholderData && data?.status === 'completed' && !data.dry_run;
  useEffect(() => {
    // What was priced anew is in every figure of the page.
    if (isDone) void client.invalidateQueries({ queryKey: ['api', '/v1/analytics/usage/unpriced'] });
  }, [isDone, client]);
  return (
    <div aria-live="polite" style={{ marginTop: 12 }}>
      <QueryContent query={answer} height={100}>
        {(job) => (
          <>
            <p>
              <strong>{stateText(job)}</strong>
            </p>
            {job.changes.length > 0 && (
              <DataTable
                label={job.dry_run ? 'What would change' : 'What changed'}
                columns={COLUMNS}
                rows={job.changes}
                rowKey={(row) =>
                  `${row.date} ${row.model_provider} ${row.model_name} ${row.price_id_before} ${row.price_id_after}`
                }
                fileName={`repricing-${job.job_id}`}
              />
            )}
            {isUnderWay(job.status) && (
              <Button
                size="sm"
                variant="secondary"
                disabled={!user.mayChange || change.isPending}
                onClick={() => change.mutate({ path: `/v1/prices/reprice/${id}`, method: 'DELETE' })}
              >
                Cancel
              </Button>
            )}
            {job.dry_run && job.status === 'completed' && job.progress.events_changed > 0 && (
              <Button
                disabled={!user.mayChange || change.isPending}
                tooltip={user.mayChange ? undefined : READ_ONLY}
                onClick={() => setIsAsked(true)}
              >
                Price them again
              </Button>
            )}
            <ConfirmModal
              isOpen={isAsked}
              title="Price stored calls again?"
              body={`${count(job.progress.events_changed)} calls get another cost, ${signedUsd(job.difference_usd)} in all, by the prices of now. Reports of the past change by that.`}
              confirmText="Price them again"
              onDismiss={() => setIsAsked(false)}
              onConfirm={() => {
                setIsAsked(false);
                change.mutate(
                  { path: `/v1/prices/reprice/${id}/apply`, method: 'POST', body: {} },
                  { onSuccess: ({ job_id: next }) => onApplied(next) },
                );
              }}
            />
          </>
        )}
      </QueryContent>
    </div>
  );
}

/** What has become of a job, in a sentence. */
export function stateText({
  job_id: id,
  status,
  dry_run: isDry,
  progress,
  difference_usd: difference,
  failure,
}: Job): string {
  const what = isDry ? `Dry run ${id}` : `Repricing ${id}`;
  switch (status) {
    case 'queued':
      return `${what} waits for its turn.`;
    case 'running':
      return `${what}: ${count(progress.events_examined)} of ${progress.events_estimated === null ? 'an unknown number of' : `about ${count(progress.events_estimated)}`} calls looked at.`;
    case 'failed':
      return `${what} failed: ${failure ?? 'for an unknown reason'}. What it had done stays.`;
    case 'cancelled':
      return `${what} was cancelled. What it had done stays.`;
    case 'completed':
      return progress.events_changed === 0
        ? `${what}: no call ${isDry ? 'would get' : 'got'} another cost. Is there a price for the model, in force when the calls were made?`
        : `${what}: ${count(progress.events_changed)} calls ${isDry ? 'would get' : 'got'} another cost, ${signedUsd(difference)} in all.`;
  }
  return what;
}

const COLUMNS: Column<Change>[] = [
  { id: 'date', header: 'Day, UTC', value: ({ date }) => date },
  { id: 'model', header: 'Model', value: (row) => `${row.model_provider} · ${row.model_name}` },
  {
    id: 'events',
    header: 'Calls',
    numeric: true,
    value: ({ events }) => events,
    cell: ({ events }) => count(events),
  },
  {
    id: 'before',
    header: 'Cost before',
    numeric: true,
    wideOnly: true,
    value: (row) => (row.price_id_before === null ? null : toNumber(row.cost_before_usd)),
    cell: (row) => (row.price_id_before === null ? 'none' : usd(row.cost_before_usd)),
  },
  {
    id: 'after',
    header: 'Cost after',
    numeric: true,
    value: (row) => (row.price_id_after === null ? null : toNumber(row.cost_after_usd)),
    cell: (row) => (row.price_id_after === null ? 'none' : usd(row.cost_after_usd)),
  },
];
