import type { PluginExtensionAddedLinkConfig, PluginExtensionPanelContext } from '@grafana/data';
import { PLUGIN_ID } from '../constants.ts';

/** Dashboards with this tag are about this product. */
const DASHBOARD_TAG = 'promptops';
const EXPLORE = `/a/${PLUGIN_ID}/explore`;

/** In the menu of panels: the same time range, to be broken down further. `plugin.json` names it too. */
export const panelLink: PluginExtensionAddedLinkConfig<PluginExtensionPanelContext> = {
  title: 'Break down in PromptOps Analytics',
  description: 'Usage and cost of this time range by any dimension',
  targets: ['grafana/dashboard/panel/menu'],
  path: EXPLORE,
  configure: (context) => {
    if (!context?.dashboard.tags.includes(DASHBOARD_TAG)) return undefined;
    const { from, to } = context.timeRange;
    const search = new URLSearchParams({ from: String(from), to: String(to) });
    return { path: `${EXPLORE}?${search.toString()}` };
  },
};
