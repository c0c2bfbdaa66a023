import { readObject } from '../literal.ts';
import { readUsageObject } from '../usage-object.ts';
import type { Mapping } from './mapping.ts';

const CALL_TYPES = new Set(['generation', 'embedding']);

/**
 * Langfuse SDK. Usage and cost are JSON texts: the usage as the provider gave it, or Langfuse's own kinds, in which each token stands
 * once (read by the names in it). The provider is not told. A time of the first token is there for streams only. What failed has
 * its reason in a message.
 */
export const langfuse: Mapping = {
  emitter: 'langfuse',
  checkedAgainst: 'langfuse 3.15.0 (Python)',
  scope: /^(?:langfuse|@langfuse)/,
  attributes: ['langfuse.observation.type'],
  rank: 58,
  fields: {
    responseModel: ['langfuse.observation.model.name'],
    responseId: ['langfuse.observation.metadata.id', 'langfuse.observation.metadata.response_id'],
    userId: ['user.id', 'langfuse.user.id', 'langfuse.trace.user_id'],
    sessionId: ['session.id', 'langfuse.session.id', 'langfuse.trace.session_id'],
  },
  role: ({ attributes }) => {
    const type = attributes.text('langfuse.observation.type');
    if (type === undefined) return undefined;
    if (CALL_TYPES.has(type)) return 'call';
    return attributes.has('langfuse.observation.usage_details') ? 'sum' : 'context';
  },
  tell: ({ attributes, startUs }) => {
    const usage = readObject(attributes.text('langfuse.observation.usage_details'));
    const cost = readObject(attributes.text('langfuse.observation.cost_details'));
    const begun = attributes.text('langfuse.observation.completion_start_time')?.replaceAll('"', '');
    const begunMs = begun === undefined ? NaN : Date.parse(begun);
    const total = cost?.['total'];
    const parts =
      cost && total === undefined ? Object.values(cost).filter((part) => typeof part === 'number') : [];
    const isFailed = attributes.text('langfuse.observation.level') === 'ERROR';
    return {
      usage: (usage && readUsageObject(usage)) ?? null,
      stream: Number.isNaN(begunMs) ? undefined : true,
      // Dates have milliseconds; the digits behind them are read from the text.
      firstTokenMs:
        Number.isNaN(begunMs) || begun === undefined ? undefined : firstTokenMs(begun, begunMs, startUs),
      costUsd: isFailed
        ? null
        : typeof total === 'number'
          ? total
          : parts.length > 0
            ? parts.reduce((sum, part) => sum + part, 0)
            : null,
      isError: isFailed ? true : undefined,
    };
  },
  tagPrefixes: ['langfuse.trace.metadata.', 'langfuse.metadata.'],
};

function firstTokenMs(text: string, ms: number, startUs: number): number {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  const us = Math.floor(ms / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return (us - startUs) / 1000;
}
