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
  page(
    'summary',
    'Executive summary',
    'A period in a minute, to read, print and share',
    'file-alt',
    () => import('../pages/summary/SummaryPage.tsx'),
  ),
  page(
    'explore',
    'Explore',
    'Usage by any dimension, step by step, beside another period',
    'compass',
    () => import('../pages/explore/ExplorePage.tsx'),
  ),
  page(
    'prompts',
    'Prompts',
    'What each prompt costs, and its versions against each other',
    'message',
    () => import('../pages/prompts/PromptsPage.tsx'),
  ),
  page(
    'models',
    'Models & providers',
    'What each model costs, how fast it is, how often it fails',
    'cube',
    () => import('../pages/models/ModelsPage.tsx'),
  ),
  page(
    'costs',
    'Cost & budgets',
    'What was spent, what changed and why, and where it will end',
    'dollar-alt',
    () => import('../pages/costs/CostsPage.tsx'),
  ),
  page(
    'performance',
    'Performance',
    'How long calls take, what fails, and since when',
    'tachometer-fast',
    () => import('../pages/performance/PerformancePage.tsx'),
  ),
  page(
    'alerts',
    'Alerts',
    'What is wrong, who takes care of it, what is watched, and who is told',
    'bell',
    () => import('../pages/alerts/AlertsPage.tsx'),
  ),
  page(
    'exports',
    'Exports',
    'Calls or summaries of a period as CSV, JSON or Parquet',
    'download-alt',
    () => import('../pages/exports/ExportsPage.tsx'),
  ),
  page(
    'events',
    'Events',
    'Single calls, the newest first, as they come in',
    'list-ul',
    () => import('../pages/events/EventsPage.tsx'),
  ),
  page(
    'settings',
    'Settings',
    'Tenants, keys, prices and access',
    'cog',
    () => import('../pages/settings/SettingsPage.tsx'),
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
