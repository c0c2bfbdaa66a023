import { eventId } from './event-id.ts';
import { noise, poisson, randomAt, seedWords, type Random } from './random.ts';
import { traffic, type Traffic } from './traffic.ts';
import type { UsageEvent } from './usage-event.ts';
import type { Workspace } from './workspace.ts';

const SLOT_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const SLOTS_PER_DAY = DAY_MS / SLOT_MS;
/** Growth is spread over this long, whatever part of it a history shows. */
const GROWTH_DAYS = 90;
const DAY_NOISE = 0.08;
const HOUR_NOISE = 0.12;

export interface HistoryOptions {
  /** Another seed makes another history of the same shape. */
  seed: number | string;
  /** The end of the history (exclusive), Unix milliseconds. */
  nowMs: number;
  /** Whole UTC days before the day of `nowMs`; that day's part until `nowMs` comes on top. */
  days: number;
  /** Mean events a day over 90 days; the last days have more, since the traffic grows. */
  eventsPerDay: number;
  workspace: Workspace;
}

/** When the history of these options begins: 00:00 UTC, Unix milliseconds. */
export function historyStartMs({ nowMs, days }: Pick<HistoryOptions, 'nowMs' | 'days'>): number {
  return (Math.floor(nowMs / DAY_MS) - days) * DAY_MS;
}

/**
 * A workspace's history in the order of time (and of event ids), made as it is read: memory does not grow with its length.
 *
 * Every event is a function of the seed, the workspace, its five minutes and its number in them. So the same options give the
 * same events and ids; a later `nowMs` on the same UTC day gives the same events and then those since; and a run on another day
 * gives mostly the same ids again, so that a repeated demo adds what is new and does not double what is there.
 */
export function* generateHistory(options: HistoryOptions): Generator<UsageEvent, void, undefined> {
  const { nowMs, workspace } = options;
  const flow = traffic(workspace, nowMs);
  const seed = seedWords(`${options.seed}/${workspace.name}/events`);
  for (const slot of slots(options, flow)) {
    const moment = flow.at(slot.startMs);
    for (const draw of draws(seed, slot, nowMs)) {
      yield flow.event(draw.random, draw.timestampMs, draw.id, moment);
    }
  }
}

/** How many events `generateHistory` makes of the same options, without making them. */
export function countHistory(options: HistoryOptions): number {
  const { nowMs, workspace } = options;
  const seed = seedWords(`${options.seed}/${workspace.name}/events`);
  let total = 0;
  for (const slot of slots(options, traffic(workspace, nowMs))) {
    total += slot.startMs + SLOT_MS <= nowMs ? slot.count : draws(seed, slot, nowMs).length;
  }
  return total;
}

interface Slot {
  startMs: number;
  /** Calls that start in its five minutes, those after `nowMs` included. */
  count: number;
}

function* slots(options: HistoryOptions, flow: Traffic): Generator<Slot, void, undefined> {
  const { nowMs, eventsPerDay, workspace } = options;
  const seed = seedWords(`${options.seed}/${workspace.name}/volume`);
  const growth = growthFactor(workspace.growth, nowMs);
  let hour = NaN;
  let hourFactor = 1;
  for (let startMs = historyStartMs(options); startMs < nowMs; startMs += SLOT_MS) {
    if (Math.floor(startMs / HOUR_MS) !== hour) {
      hour = Math.floor(startMs / HOUR_MS);
      const day = Math.floor(startMs / DAY_MS);
      hourFactor = noise(randomAt(seed, day, 1), DAY_NOISE) * noise(randomAt(seed, hour, 2), HOUR_NOISE);
    }
    const { startMs: outageStart, endMs: outageEnd, trafficFactor } = flow.incident;
    const retries = startMs >= outageStart && startMs < outageEnd ? trafficFactor : 1;
    const mean =
      (eventsPerDay / SLOTS_PER_DAY) * flow.at(startMs).factor * growth(startMs) * hourFactor * retries;
    const count = poisson(randomAt(seed, startMs / SLOT_MS, 3), mean);
    if (count > 0) yield { startMs, count };
  }
}

interface Draw {
  timestampMs: number;
  id: string;
  /** The stream that goes on to make the event. */
  random: Random;
}

/** The slot's calls before `nowMs`, by id and so by time. */
function draws(seed: readonly [number, number], { startMs, count }: Slot, nowMs: number): Draw[] {
  return Array.from({ length: count }, (_, index): Draw => {
    const random = randomAt(seed, startMs / SLOT_MS, index);
    const timestampMs = startMs + Math.floor(random() * SLOT_MS);
    return { timestampMs, id: eventId(timestampMs, random), random };
  })
    .filter(({ timestampMs }) => timestampMs < nowMs)
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Exponential growth around the day of `nowMs`, with a mean of 1 over the 90 days before it. */
function growthFactor(growth: number, nowMs: number): (timestampMs: number) => number {
  const endMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const rate = Math.log1p(growth);
  const mean = rate === 0 ? 1 : growth / rate;
  return (timestampMs) => Math.exp(rate * (1 + (timestampMs - endMs) / (GROWTH_DAYS * DAY_MS))) / mean;
}
