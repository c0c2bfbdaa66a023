import type { CallSettings, Deployment, Prompt, Workspace } from './workspace.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Two hours in which one provider fails and crawls, for every tenant alike. */
export interface Incident {
  provider: string;
  startMs: number;
  /** Exclusive. */
  endMs: number;
  /** Share of its calls that fail. */
  errorRate: number;
  latencyFactor: number;
  /** More calls than usual, since callers try again. */
  trafficFactor: number;
}

/** The incident of about three weeks ago: a Tuesday, 13:00 to 15:00 UTC, which is working time in all the demo's zones. */
export function incident(nowMs: number): Incident {
  const startMs = deployedAtMs({ daysAgo: 21, weekday: 2, hour: 13 }, nowMs);
  return {
    provider: 'openai',
    startMs,
    endMs: startMs + 2 * HOUR_MS,
    errorRate: 0.35,
    latencyFactor: 4,
    trafficFactor: 1.5,
  };
}

/**
 * The moment of a weekday and hour that is nearest to so many days before `nowMs`. It depends on the UTC day of `nowMs` only, and
 * mostly stays where it is for a week, so that a later run of the demo tells the same story about the same events.
 */
export function deployedAtMs(
  { daysAgo, weekday, hour }: Pick<Deployment, 'daysAgo' | 'weekday' | 'hour'>,
  nowMs: number,
): number {
  const day = Math.floor(nowMs / DAY_MS) - daysAgo;
  const dayOfWeek = (day + 4) % 7;
  const distance = ((weekday - dayOfWeek + 7 + 3) % 7) - 3;
  return (day + distance) * DAY_MS + hour * HOUR_MS;
}

/** A version with all its settings, from when on it takes calls. */
export interface EffectiveVersion {
  version: string;
  /** -Infinity for the one that was always there. */
  sinceMs: number;
  /** Its share of the calls grows from 0 to all over this time. */
  rolloutMs: number;
  settings: CallSettings;
}

/** A prompt's versions, newest first, each with the settings that it inherits. */
export function effectiveVersions(prompt: Prompt, nowMs: number): EffectiveVersion[] {
  let settings = prompt.settings;
  return prompt.versions
    .map(({ version, deployed, changes }) => {
      settings = { ...settings, ...changes };
      return {
        version,
        sinceMs: deployed === null ? -Infinity : deployedAtMs(deployed, nowMs),
        rolloutMs: (deployed?.rolloutHours ?? 0) * HOUR_MS,
        settings,
      };
    })
    .reverse();
}

/** The provider's price change that the price book has inside the history: an alias of OpenRouter got cheaper by a fifth. */
export const PRICE_CHANGE = {
  provider: 'openrouter',
  model: '~anthropic/claude-opus-latest',
  atMs: Date.UTC(2026, 8, 22),
} as const;

/** What happened in a workspace between two times, oldest first: what a reader of the dashboards should be able to find. */
export function storyOf(
  workspace: Workspace,
  { fromMs, nowMs }: { fromMs: number; nowMs: number },
): { atMs: number; text: string }[] {
  const outage = incident(nowMs);
  const story = [
    {
      atMs: outage.startMs,
      text: `incident: ${outage.provider} fails ${Math.round(outage.errorRate * 100)} % of its calls and answers ${outage.latencyFactor} times slower for two hours`,
    },
  ];
  const models = workspace.prompts.flatMap(({ settings }) => settings.models.map(({ model }) => model));
  if (models.includes(PRICE_CHANGE.model)) {
    story.push({
      atMs: PRICE_CHANGE.atMs,
      text: `${PRICE_CHANGE.provider} lowers the price of ${PRICE_CHANGE.model}`,
    });
  }
  for (const prompt of workspace.prompts) {
    for (const { deployed, story: text } of prompt.versions) {
      if (deployed !== null && text !== undefined) story.push({ atMs: deployedAtMs(deployed, nowMs), text });
    }
  }
  return story
    .filter(({ atMs }) => atMs >= fromMs && atMs < nowMs)
    .sort((left, right) => left.atMs - right.atMs);
}
