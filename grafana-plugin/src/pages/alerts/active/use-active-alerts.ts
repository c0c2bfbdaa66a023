import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useApi } from '../../../api/use-api.ts';
import { useHost } from '../../../host/host.ts';
import { SEVERITIES } from '../alert-types.ts';

const POLL_MS = 10_000;
/** While the stream says what changes, asking is only for what it may have missed. */
const POLL_BESIDE_STREAM_MS = 60_000;
/** Many alerts that change at once are read once. */
const GATHER_MS = 300;
const MOST = 200;

export const STATES = ['open', 'firing', 'acknowledged', 'pending'] as const;
type State = (typeof STATES)[number];

const QUERIES: Record<State, { status: string[]; acknowledged?: boolean }> = {
  open: { status: ['firing', 'pending'] },
  firing: { status: ['firing'], acknowledged: false },
  acknowledged: { status: ['firing'], acknowledged: true },
  pending: { status: ['pending'] },
};

/** The open alerts that the URL asks for (`severity`, `state`), read every ten seconds while the tab is visible. */
export function useActiveAlerts({ every = POLL_BESIDE_STREAM_MS }: { every?: number } = {}) {
  const [search] = useSearchParams();
  const severity = SEVERITIES.find((one) => one === search.get('severity'));
  const state = STATES.find((one) => one === search.get('state')) ?? 'open';
  return useApi('/v1/analytics/alerts', { query: { ...QUERIES[state], severity, limit: MOST } }, { every });
}

/**
 * Has alerts read again as soon as the collector's stream says that one changed. Only where the browser may open it itself: Grafana's proxy holds
 * streams back.
 * @returns how often to ask anyway, in milliseconds
 */
export function useAlertStream(): number {
  const host = useHost();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    if (host.kind !== 'standalone' || typeof EventSource === 'undefined') return;
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void client.invalidateQueries({ queryKey: ['api', '/v1/analytics/alerts'] });
        void client.invalidateQueries({ queryKey: ['api', '/v1/analytics/alerts/{alert_id}'] });
      }, GATHER_MS);
    };
    const close = (): void => {
      source?.close();
      source = undefined;
      setIsOpen(false);
    };
    // A hidden tab keeps no connection: browsers have few for one server.
    const follow = (): void => {
      if (document.visibilityState !== 'visible') {
        close();
        return;
      }
      if (source) return;
      source = new EventSource(host.downloadUrl('/v1/analytics/alerts/stream'));
      source.onopen = () => setIsOpen(true);
      source.onerror = () => setIsOpen(false);
      for (const name of ['open', 'alert', 'gone', 'reload'])
        source.addEventListener(name, (event) => {
          // The browser's own "open" of the connection has no data.
          if (event instanceof MessageEvent) read();
        });
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      clearTimeout(timer);
      close();
    };
  }, [host, client]);
  return isOpen ? POLL_BESIDE_STREAM_MS : POLL_MS;
}
