import type { ModelName } from './models.ts';
import type { LogNormal } from './random.ts';
import type { Rhythm } from './rhythm.ts';

/** One tenant's worth of traffic: who calls which models with which prompts, and when. Data only. */
export interface Workspace {
  /** The tenant's name, e.g. `maple-shop`; it also seeds the workspace's own random streams. */
  name: string;
  /** One line for people. */
  title: string;
  /** IANA time zone in which its days and evenings happen. */
  timeZone: string;
  /** Its part of all the demo's events; the parts of all workspaces sum to 1. */
  trafficShare: number;
  /** Growth over 90 days: 0.4 means 40 % more at the end than at the start. */
  growth: number;
  /** How many users it has; a few of them make most of the calls (Zipf). */
  users: number;
  /** Project ids with what the application attaches to each of their calls. */
  projects: Record<string, { metadata: Record<string, string> }>;
  prompts: readonly Prompt[];
}

export interface Prompt {
  id: string;
  project: string;
  /** Relative part of the workspace's calls, over a whole week. */
  share: number;
  rhythm: Rhythm;
  /** True for jobs that no user started. */
  unattended?: boolean;
  /** How its first version calls the model. */
  settings: CallSettings;
  /** Oldest first; each changes what it names and keeps the rest. The first has `deployed: null`: it was always there. */
  versions: readonly PromptVersion[];
}

export interface PromptVersion {
  version: string;
  deployed: Deployment | null;
  changes?: Partial<CallSettings>;
  /** What a reader of the dashboards should find; printed by the demo. */
  story?: string;
}

/** A deployment on the given weekday nearest to so many days ago, so that it falls into working hours on any day of a demo. */
export interface Deployment {
  daysAgo: number;
  /** 0 (Sunday) to 6. */
  weekday: number;
  /** UTC. */
  hour: number;
  /** Hours over which calls move from the version before to this one; 0 at once. */
  rolloutHours: number;
}

export interface CallSettings {
  /** Models with relative weights. */
  models: readonly { model: ModelName; share: number }[];
  /** The fixed beginning of every call, in tokens: what a prompt cache can keep. */
  prefixTokens: number;
  /** What comes after it, in tokens. */
  inputTokens: LogNormal;
  /** What the user sees, in tokens; reasoning comes on top. Ignored by embedding models. */
  outputTokens: LogNormal;
  /** Max tokens of the call; null for embedding models. */
  tokensRequested: number | null;
  stream: boolean;
  /** Share of calls whose prefix the provider still has, and for how long it is kept; null where the prompt defeats the cache. */
  promptCache: { warmShare: number; ttl: '5m' | '1h' } | null;
  /** Share of calls that the application answers from its own response cache. */
  responseCacheShare: number;
  serviceTier: string;
}

/** A prompt's settings from the few values that set it apart: sizes are medians in tokens. */
export function callSettings(
  models: CallSettings['models'],
  sizes: { prefix: number; input: number; output: number; max: number | null },
  options: Partial<CallSettings> = {},
): CallSettings {
  return {
    models,
    prefixTokens: sizes.prefix,
    inputTokens: { median: sizes.input, sigma: 0.55 },
    outputTokens: { median: sizes.output, sigma: 0.5 },
    tokensRequested: sizes.max,
    stream: false,
    promptCache: null,
    responseCacheShare: 0,
    serviceTier: 'default',
    ...options,
  };
}

/** The version that was always there. */
export function first(version: string): PromptVersion {
  return { version, deployed: null };
}

/** A later version, deployed about `daysAgo` days ago on a weekday (0 is Sunday; Tuesday unless told) at 09:00 UTC. */
export function later(
  version: string,
  daysAgo: number,
  changes: Partial<CallSettings>,
  options: { weekday?: number; rolloutHours?: number; story?: string } = {},
): PromptVersion {
  const { weekday = 2, rolloutHours = 4, story } = options;
  const deployed = { daysAgo, weekday, hour: 9, rolloutHours };
  return story === undefined ? { version, deployed, changes } : { version, deployed, changes, story };
}
