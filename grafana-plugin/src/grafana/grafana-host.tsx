import { AppEvents, type PluginMeta } from '@grafana/data';
import { config, getAppEvents, getBackendSrv, PluginPage } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { problemOf, unreachable } from '../api/problem.ts';
import { PLUGIN_ID } from '../constants.ts';
import type { Settings } from './settings.ts';
import type { Host, PageFrameProps, Preferences } from '../host/host.ts';

/** The pages inside Grafana: requests go through its plugin proxy, which adds the API key. */
export function createGrafanaHost(meta: PluginMeta, preferences: Preferences): Host {
  const { user } = config.bootData;
  const proxy = `/api/plugin-proxy/${PLUGIN_ID}/api`;
  const { apiUrl } = (meta.jsonData ?? {}) as Settings;
  return {
    kind: 'grafana',
    basePath: `/a/${PLUGIN_ID}`,
    async request(path, { method = 'GET', body, signal } = {}) {
      const answer = await lastValueFrom(
        getBackendSrv().fetch<unknown>({
          url: proxy + path,
          method,
          // Grafana says that it sends JSON even where there is none, which the collector refuses.
          data: body ?? (method === 'GET' ? undefined : {}),
          showErrorAlert: false,
          showSuccessAlert: false,
          ...(signal ? { abortSignal: signal } : {}),
        }),
      ).catch((error: unknown) => {
        const { status, data } = error as { status?: number; data?: unknown };
        // Grafana answers 502 itself when the collector is away.
        throw status === undefined || status <= 0 ? unreachable(error) : problemOf(status, data);
      });
      return { status: answer.status, data: answer.data ?? null };
    },
    downloadUrl: (path) => `${config.appSubUrl}${proxy}${path}`,
    collectorUrl: apiUrl ?? '',
    user: {
      name: user.name || user.login || 'Grafana',
      mayChange: ['Admin', 'Editor'].includes(user.orgRole) || user.isGrafanaAdmin,
    },
    preferences,
    notify: (kind, text) => {
      getAppEvents().publish({
        type: (kind === 'success' ? AppEvents.alertSuccess : AppEvents.alertError).name,
        payload: [text],
      });
    },
    PageFrame: GrafanaPageFrame,
  };
}

function GrafanaPageFrame({ title, subTitle, actions, parent, children }: PageFrameProps) {
  return (
    <PluginPage
      pageNav={{
        text: title,
        ...(subTitle === undefined ? {} : { subTitle }),
        ...(parent ? { parentItem: parent } : {}),
      }}
      actions={actions}
    >
      {children}
    </PluginPage>
  );
}
