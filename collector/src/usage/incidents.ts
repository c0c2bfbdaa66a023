import { binomialUpperTail, wilsonUpperBound } from './binomial.ts';

/*
 * How incidents are found (docs/analytics-views.md): a bucket of time is part of one when so many errors would be next to impossible at the error rate
 * of the seven days before it, and the rate is at least twice that and two percentage points more.
 */
const HOUR_MS = 3_600_000;
export const BASELINE_MS = 7 * 24 * HOUR_MS;
/** Below so many requests in the seven days before, a bucket is not judged. */
export const MIN_BASELINE_REQUESTS = 100;
/** A year has 35,000 quarters of an hour: by chance one in thirty years is found. */
const MAX_CHANCE = 1e-6;
/** Of the buckets right before and after: there the trouble may have filled a part of them only. */
const MAX_CHANCE_AT_EDGE = 0.01;
const MIN_ERRORS = 3;
const MIN_RATIO = 2;
const MIN_RATE_MORE = 0.02;
/** The baseline is taken at the upper end of what it may be: 95 % confidence. */
const BASELINE_Z = 1.96;
/** Found buckets that lie no further apart are one incident. */
const MAX_GAP_MS = HOUR_MS;

export interface ErrorBucket {
  startMs: number;
  requests: number;
  errors: number;
}

export interface FoundIncident {
  startMs: number;
  /** Not included. */
  endMs: number;
  requests: number;
  errors: number;
  /** The error rate of the seven days before its first bucket, without buckets that were part of an incident. */
  baselineRate: number;
  baselineRequests: number;
  /** The greatest error rate of a bucket. */
  peakRate: number;
}

interface Judged extends ErrorBucket {
  isFound: boolean;
  /** Whether the rate is as much above the baseline, and hardly by chance. */
  isRaised: boolean;
  baselineRate: number;
  baselineRequests: number;
}

/**
 * Incidents in a series of equally long buckets, in order of time.
 * @param buckets in order of time; those without requests may be left out
 */
export function findIncidents(buckets: readonly ErrorBucket[], grainMs: number): FoundIncident[] {
  const judged = judge(buckets);
  const incidents: Judged[][] = [];
  let last = -Infinity;
  for (const [index, bucket] of judged.entries()) {
    if (!bucket.isFound) continue;
    const open = incidents.at(-1);
    if (open !== undefined && bucket.startMs - last <= MAX_GAP_MS + grainMs) {
      const from = judged.findIndex(({ startMs }) => startMs > last);
      open.push(...judged.slice(from, index + 1));
    } else incidents.push([...raisedBefore(judged, index, last, grainMs), bucket]);
    last = bucket.startMs;
    const after = raisedAfter(judged, index, grainMs);
    if (after.length > 0) {
      incidents.at(-1)?.push(...after);
      last = after.at(-1)?.startMs ?? last;
    }
  }
  return incidents.map((members) => {
    const unique = [...new Map(members.map((member) => [member.startMs, member])).values()];
    const [first] = unique;
    const final = unique.at(-1);
    const judgedFirst = unique.find(({ isFound }) => isFound);
    return {
      startMs: first?.startMs ?? 0,
      endMs: (final?.startMs ?? 0) + grainMs,
      requests: sum(unique, 'requests'),
      errors: sum(unique, 'errors'),
      baselineRate: judgedFirst?.baselineRate ?? 0,
      baselineRequests: judgedFirst?.baselineRequests ?? 0,
      peakRate: Math.max(...unique.map(({ errors, requests }) => (requests > 0 ? errors / requests : 0))),
    };
  });
}

function judge(buckets: readonly ErrorBucket[]): Judged[] {
  const judged: Judged[] = [];
  let [requests, errors, oldest] = [0, 0, 0];
  for (const bucket of buckets) {
    for (let old = judged[oldest]; old && old.startMs < bucket.startMs - BASELINE_MS; old = judged[oldest]) {
      if (!old.isFound) {
        requests -= old.requests;
        errors -= old.errors;
      }
      oldest += 1;
    }
    const bound = wilsonUpperBound(errors, requests, BASELINE_Z);
    const rate = bucket.requests > 0 ? bucket.errors / bucket.requests : 0;
    const chance =
      requests >= MIN_BASELINE_REQUESTS && rate >= Math.max(bound * MIN_RATIO, bound + MIN_RATE_MORE)
        ? binomialUpperTail(bucket.errors, bucket.requests, bound)
        : 1;
    const isRaised = chance < MAX_CHANCE_AT_EDGE;
    const isFound = chance < MAX_CHANCE && bucket.errors >= MIN_ERRORS;
    judged.push({
      ...bucket,
      isFound,
      isRaised,
      baselineRate: requests > 0 ? errors / requests : 0,
      baselineRequests: requests,
    });
    if (!isFound) {
      requests += bucket.requests;
      errors += bucket.errors;
    }
  }
  return judged;
}

/** Buckets right before a found one that are raised too: in the first one the trouble began. */
function raisedBefore(judged: readonly Judged[], index: number, afterMs: number, grainMs: number): Judged[] {
  const before: Judged[] = [];
  for (let at = index - 1; at >= 0; at--) {
    const bucket = judged[at];
    const next = judged[at + 1];
    if (!bucket || !next || !bucket.isRaised || bucket.startMs <= afterMs) break;
    if (next.startMs - bucket.startMs > grainMs) break;
    before.unshift(bucket);
  }
  return before;
}

function raisedAfter(judged: readonly Judged[], index: number, grainMs: number): Judged[] {
  const after: Judged[] = [];
  for (let at = index + 1; at < judged.length; at++) {
    const [bucket, previous] = [judged[at], judged[at - 1]];
    if (!bucket || !previous || bucket.isFound || !bucket.isRaised) break;
    if (bucket.startMs - previous.startMs > grainMs) break;
    after.push(bucket);
  }
  return after;
}

function sum(buckets: readonly ErrorBucket[], name: 'requests' | 'errors'): number {
  return buckets.reduce((total, bucket) => total + bucket[name], 0);
}
