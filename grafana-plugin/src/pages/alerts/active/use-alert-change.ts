import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { ApiProblem } from '../../../api/problem.ts';
import { useHost } from '../../../host/host.ts';
import type { Alert, AlertInDetail, Alerts } from '../alert-types.ts';

export type AlertChange =
  | { kind: 'acknowledge'; note: string; until: string | null }
  | { kind: 'unacknowledge' }
  | { kind: 'resolve'; note: string }
  | { kind: 'comment'; text: string };

const DONE = {
  acknowledge: 'Acknowledged: nothing more is sent until then.',
  unacknowledge: 'The acknowledgement is taken back.',
  resolve: 'Resolved.',
  comment: 'The comment is added.',
};

function requestOf(alertId: number, change: AlertChange) {
  const path = `/v1/analytics/alerts/${alertId}`;
  switch (change.kind) {
    case 'acknowledge':
      return {
        path: `${path}/acknowledge`,
        method: 'POST' as const,
        body: { note: change.note.trim() === '' ? null : change.note, until: change.until },
      };
    case 'unacknowledge':
      return { path: `${path}/acknowledge`, method: 'DELETE' as const };
    case 'resolve':
      return {
        path: `${path}/resolve`,
        method: 'POST' as const,
        body: { note: change.note.trim() === '' ? null : change.note },
      };
    case 'comment':
      return { path: `${path}/comments`, method: 'POST' as const, body: { text: change.text } };
  }
}

/** An alert as it will be once the collector has done it. */
function changed<Shown extends Alert>(alert: Shown, change: AlertChange, by: string): Shown {
  const now = new Date().toISOString();
  switch (change.kind) {
    case 'acknowledge':
      return {
        ...alert,
        acknowledged: {
          by,
          at: now,
          note: change.note.trim() === '' ? null : change.note.trim(),
          until: change.until,
        },
      };
    case 'unacknowledge':
      return { ...alert, acknowledged: null };
    case 'resolve':
      return { ...alert, status: 'resolved', resolved_at: now, resolved_by: by };
    case 'comment':
      return alert;
  }
}

const LIST = ['api', '/v1/analytics/alerts'];
const DETAIL = ['api', '/v1/analytics/alerts/{alert_id}'];

/** Changes every reading of the alert that is on the screen; gives what puts them back. */
function changeShown(client: QueryClient, alertId: number, change: AlertChange, by: string): () => void {
  const before = [
    ...client.getQueriesData({ queryKey: LIST }),
    ...client.getQueriesData({ queryKey: DETAIL }),
  ];
  const one = <Shown extends Alert>(alert: Shown): Shown =>
    alert.alert_id === alertId ? changed(alert, change, by) : alert;
  client.setQueriesData<Alerts>(
    { queryKey: LIST },
    (answer) => answer && { ...answer, alerts: answer.alerts.map(one) },
  );
  client.setQueriesData<AlertInDetail>({ queryKey: DETAIL }, (answer) => answer && one(answer));
  return () => {
    for (const [key, data] of before) client.setQueryData(key, data);
  };
}

/** Does something about an alert: shown at once, put back when the collector refuses, read again either way. */
export function useAlertChange(alertId: number) {
  const host = useHost();
  const client = useQueryClient();
  return useMutation<unknown, ApiProblem, AlertChange, () => void>({
    mutationFn: async (change) => {
      const { path, ...init } = requestOf(alertId, change);
      return (await host.request(path, init)).data;
    },
    onMutate: async (change) => {
      // A reading under way would bring back what was before.
      await client.cancelQueries({ queryKey: LIST });
      await client.cancelQueries({ queryKey: DETAIL });
      return changeShown(client, alertId, change, host.user.name);
    },
    onSuccess: (_answer, change) => host.notify('success', DONE[change.kind]),
    onError: (problem, _change, putBack) => {
      putBack?.();
      host.notify('error', problem.message);
    },
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: LIST });
      await client.invalidateQueries({ queryKey: DETAIL });
    },
  });
}
