import { createContext, useContext, type ComponentType, type ReactNode } from 'react';

/**
 * What differs between the two places where the pages live: inside Grafana (app plugin) and at /analytics (served by the collector).
 * Everything else is the same code. There are two implementations: grafana/grafana-host.tsx and standalone/standalone-host.tsx.
 */
export interface Host {
  kind: 'grafana' | 'standalone';
  /** Where the pages are mounted, without a slash at the end, as the router sees it: '/a/promptops-analytics-app' or ''. */
  basePath: string;
  /**
   * Sends a request to the collector's API.
   * @param path from the API's root, with its query, e.g. '/v1/analytics/summary?start_date=now-7d'
   * @throws ApiProblem for every answer that is not 2xx, and when there is no answer
   */
  request(path: string, init?: ApiRequest): Promise<ApiAnswer>;
  /** The address under which the browser itself can load an API path (downloads). */
  downloadUrl(path: string): string;
  /** The address at which applications send their events, as far as it is known here. */
  collectorUrl: string;
  user: HostUser;
  preferences: Preferences;
  /** Tells the outcome of an action for a moment. Failures of reading are shown in place instead. */
  notify(kind: 'success' | 'error', text: string): void;
  /** The frame around each page: title, actions beside it, content. */
  PageFrame: ComponentType<PageFrameProps>;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

export interface ApiAnswer {
  status: number;
  /** The parsed JSON; null where there is none. */
  data: unknown;
}

export interface HostUser {
  name: string;
  /** Whether this user may change things; the API checks it again. */
  mayChange: boolean;
}

/** Small texts that a user's choices are kept in (time zone, theme, columns). Never secrets. */
export interface Preferences {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
}

export interface PageFrameProps {
  title: string;
  subTitle?: string;
  /** Right of the title: time range, refresh, buttons. */
  actions?: ReactNode;
  /** The page above in the breadcrumbs. */
  parent?: { text: string; url: string };
  children: ReactNode;
}

const HostContext = createContext<Host | null>(null);
export const HostProvider = HostContext.Provider;

export function useHost(): Host {
  const host = useContext(HostContext);
  if (!host) throw new Error('The pages need a <HostProvider>.');
  return host;
}
