import type { Workspace } from './workspace.ts';
import { acmeLegal } from './workspaces/acme-legal.ts';
import { forgeDevtools } from './workspaces/forge-devtools.ts';
import { mapleShop } from './workspaces/maple-shop.ts';

/** The demo's tenants. */
export const DEMO_WORKSPACES: readonly Workspace[] = [mapleShop, acmeLegal, forgeDevtools];

/** Mean events a day of all workspaces together, which makes about 150,000 in 90 days. */
export const DEFAULT_EVENTS_PER_DAY = 1_650;

/** One workspace's part of a number of events a day that all share. */
export function eventsPerDayOf(workspace: Workspace, allEventsPerDay: number): number {
  return allEventsPerDay * workspace.trafficShare;
}
