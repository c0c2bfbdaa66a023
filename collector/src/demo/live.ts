import { eventId } from './event-id.ts';
import { randomAt, seedWords } from './random.ts';
import { traffic } from './traffic.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Workspace } from './workspace.ts';

/** The night is not silent and the peak no flood: a demo is watched for minutes, not for a day. */
const LEAST_FACTOR = 0.4;
const MOST_FACTOR = 1.8;

/**
 * Calls from `fromMs` on without an end, each later than the one before, with the mix of the local hour. The same options make
 * the same events. When to send them is the caller's.
 */
export function* generateLive({
  seed,
  fromMs,
  eventsPerSecond,
  workspace,
}: {
  seed: number | string;
  /** Unix milliseconds; also the time from which the story is told. */
  fromMs: number;
  /** The mean over a week; the hour makes it 0.4 to 1.8 times that. */
  eventsPerSecond: number;
  workspace: Workspace;
}): Generator<UsageEvent, never, undefined> {
  const flow = traffic(workspace, fromMs);
  const words = seedWords(`${seed}/${workspace.name}/live/${fromMs}`);
  const gaps = randomAt(words, 0, 1);
  let timestampMs = fromMs;
  for (let index = 0; ; index++) {
    const moment = flow.at(timestampMs);
    const perSecond = eventsPerSecond * Math.min(MOST_FACTOR, Math.max(LEAST_FACTOR, moment.factor));
    timestampMs += Math.max(1, Math.round((-Math.log(1 - gaps()) / perSecond) * 1000));
    const random = randomAt(words, index, 2);
    yield flow.event(random, timestampMs, eventId(timestampMs, random), moment);
  }
}
