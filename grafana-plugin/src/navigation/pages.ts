import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import type { IconName } from '@grafana/data';

export interface PageEntry {
  /** The last part of its address: /analytics/costs, /a/promptops-analytics-app/costs. */
  path: string;
  title: string;
  /** What question it answers, as a sub-title. */
  about: string;
  icon: IconName;
  /** Loaded when it is opened. */
  Page: LazyExoticComponent<ComponentType>;
}

/** Every page, in the order of the navigation. `plugin.json` has the same list for Grafana's; a test holds the two together. */
export const PAGES = [
  page(
    'overview',
    'Overview',
    'What was used, what it cost, how it went',
    'apps',
    () => import('../pages/overview/OverviewPage.tsx'),
  ),
] as const satisfies PageEntry[];

function page(
  path: string,
  title: string,
  about: string,
  icon: IconName,
  load: () => Promise<{ default: ComponentType }>,
): PageEntry {
  return { path, title, about, icon, Page: lazy(load) };
}
