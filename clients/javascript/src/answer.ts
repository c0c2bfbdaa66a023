import type { RejectedEvent } from './notices.ts';

const MAX_TEXT = 500;

/** How a batch fared, event by event. */
export interface BatchResult {
  accepted: number;
  duplicate: number;
  rejected: number;
  total: number;
  errors: RejectedEvent[];
}

/**
 * Reads `{received, accepted, duplicate, rejected, errors}`; undefined when the body is no such answer to `events` events. Also
 * found in the problem document that the collector sends when it rejects every event of a batch.
 */
export function readBatchResult(body: string, events: number): BatchResult | undefined {
  const answer = parseObject(body);
  const accepted = asCount(answer.accepted);
  const rejected = asCount(answer.rejected);
  const duplicate = asCount(answer.duplicate ?? 0);
  if (accepted === undefined || rejected === undefined || duplicate === undefined) return undefined;
  const total = accepted + duplicate + rejected;
  const listed: unknown[] = Array.isArray(answer.errors) ? answer.errors : [];
  if (total > events) return undefined;
  return { accepted, duplicate, rejected, total, errors: listed.filter(isObject).map(rejection) };
}

/** One sentence about an answer that is not a success, from its problem+json (RFC 9457) where it has one. */
export function describeProblem(status: number, location: string | null, body: string): string {
  const { title, detail } = parseObject(body);
  const words = [title, detail].filter((word) => typeof word === 'string' && word !== '');
  if (words.length === 0) {
    // A browser hides a redirect behind the status 0.
    if (status === 0 || location) {
      words.push(`redirects${location ? ` to ${location}` : ''}; set baseUrl to where it leads`);
    } else words.push('no details');
  }
  return `HTTP ${status}: ${words.join(': ')}`.slice(0, MAX_TEXT);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(body);
    return isObject(answer) ? answer : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function rejection(item: Record<string, unknown>): RejectedEvent {
  const index = asCount(item.index);
  return {
    ...(index === undefined ? {} : { index }),
    ...(typeof item.event_id === 'string' ? { event_id: item.event_id } : {}),
    ...(typeof item.field === 'string' ? { field: item.field } : {}),
    reason: typeof item.reason === 'string' ? item.reason.slice(0, MAX_TEXT) : 'no reason given',
  };
}
