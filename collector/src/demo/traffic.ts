import { callEvent, userPicker } from './call.ts';
import { cumulative, pick, type Random } from './random.ts';
import { intensity, localClock, type LocalTime, type Rhythm } from './rhythm.ts';
import { effectiveVersions, incident, type EffectiveVersion, type Incident } from './story.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Prompt, Workspace } from './workspace.ts';

/** How a workspace's traffic stands at one moment. */
export interface Moment {
  /** Calls against the workspace's weekly mean of 1. */
  factor: number;
  /** Running sums of the prompts' weights at this moment. */
  promptSums: Float64Array;
}

/** A workspace made ready for drawing: what its calls look like at any time, for the story as told from `nowMs`. */
export interface Traffic {
  incident: Incident;
  at: (timestampMs: number) => Moment;
  event: (random: Random, timestampMs: number, id: string, moment: Moment) => UsageEvent;
}

export function traffic(workspace: Workspace, nowMs: number): Traffic {
  const clock = localClock(workspace.timeZone);
  const outage = incident(nowMs);
  const pickUser = userPicker(workspace);
  const allShares = workspace.prompts.reduce((sum, { share }) => sum + share, 0);
  const curves = new Map<Rhythm, (local: LocalTime) => number>();
  const prompts = workspace.prompts.map(
    (
      prompt,
    ): {
      prompt: Prompt;
      share: number;
      curve: (local: LocalTime) => number;
      versions: EffectiveVersion[];
    } => {
      const curve = curves.get(prompt.rhythm) ?? intensity(prompt.rhythm);
      curves.set(prompt.rhythm, curve);
      return { prompt, share: prompt.share / allShares, curve, versions: effectiveVersions(prompt, nowMs) };
    },
  );

  return {
    incident: outage,
    at(timestampMs) {
      const local = clock(timestampMs);
      const promptSums = cumulative(prompts.map(({ share, curve }) => share * curve(local)));
      return { factor: promptSums[promptSums.length - 1] ?? 0, promptSums };
    },
    event(random, timestampMs, id, { promptSums }) {
      const chosen = prompts[pick(random, promptSums)];
      if (!chosen) throw new Error(`The workspace ${workspace.name} has no prompts.`);
      const { prompt, versions } = chosen;
      return callEvent(random, { timestampMs, id, workspace, prompt, versions, incident: outage, pickUser });
    },
  };
}
