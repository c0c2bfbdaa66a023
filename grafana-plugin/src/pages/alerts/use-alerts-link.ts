import { useCallback } from 'react';
import { useHost } from '../../host/host.ts';
import { usePageLink } from '../../navigation/use-page-link.ts';

/** Links within the page: filters of usage mean nothing here. */
export function useAlertsLink(): (search?: Record<string, string>) => string {
  const link = usePageLink();
  return useCallback((search = {}) => link('alerts', { keepFilters: false, search }), [link]);
}

/** The page that shows an alert's number, in this host; undefined where there is none but the alert itself. */
export function useEvidenceLink(): (pagePath: string) => string | undefined {
  const { basePath } = useHost();
  return useCallback(
    (pagePath) => {
      const path = /^\/analytics(\/.*)$/.exec(pagePath)?.[1];
      return path === undefined || path.startsWith('/alerts') ? undefined : basePath + path;
    },
    [basePath],
  );
}
