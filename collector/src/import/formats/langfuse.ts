import type { Literal } from '../../otlp/literal.ts';
import { errorTypeIn, statusCodeOf } from '../../otlp/error-facts.ts';
import { makerOf } from '../../otlp/provider-name.ts';
import { readUsageObject } from '../../otlp/usage-object.ts';
import { asNumber, decimalUsd, millisecondsBetween, type SourceRecord } from '../source-record.ts';
import { missingId, type ImportFormat, type Mapped } from './format.ts';
import { langfuseKinds } from './langfuse-kinds.ts';
import {
  gatherTags,
  numberField,
  postedUsage,
  statusCodeField,
  textField,
  UNKNOWN_PROVIDER,
  type PostedUsage,
} from './posted-fields.ts';

/** Observations that are model calls; the others (spans, agents, tools, …) may repeat the usage of those below them. */
const CALLS = new Set(['GENERATION', 'EMBEDDING']);

/**
 * Langfuse's observations: the export of the table (CSV, JSON, JSONL), the blob storage export (snake case) and the public API's answer.
 *
 * Usage comes by kind, each token in one of them (Langfuse takes the details off input and output as they come in), unless the
 * told total says that input or output still include theirs, as LiteLLM's callback and other writers leave it; older exports
 * have `usage` or promptTokens without details. The provider is not told and read from the model's name. Times without a zone
 * are UTC; `latency` and `timeToFirstToken` are seconds.
 */
export const langfuse: ImportFormat = {
  checkedAgainst:
    'Langfuse 3: table export, blob storage export (observations, observations_v2), /api/public/observations',
  idField: 'id',
  map: (record): Mapped => {
    const id = record.text('id');
    const start = record.time('startTime', 'start_time');
    if (id === undefined || start === undefined)
      return id === undefined ? missingId('id', 'Langfuse') : { field: 'startTime', reason: 'is missing' };
    const type = record.text('type')?.toUpperCase();
    const model = record.text('model', 'providedModelName', 'provided_model_name', 'internalModel');
    if (type === undefined ? model === undefined : !CALLS.has(type)) return 'skipped';
    const usage = usageOf(record);
    const isFailed = record.text('level')?.toUpperCase() === 'ERROR';
    const message = record.text('statusMessage', 'status_message');
    const durationMs =
      millisecondsBetween(start, record.time('endTime', 'end_time')) ??
      milliseconds(record.number('latency'));
    const firstTokenMs =
      millisecondsBetween(start, record.time('completionStartTime', 'completion_start_time')) ??
      milliseconds(record.number('timeToFirstToken', 'time_to_first_token'));
    return {
      event: {
        event_id: eventIdOf(id, record.text('traceId', 'trace_id')),
        timestamp: start,
        model_provider: makerOf(model ?? '') ?? UNKNOWN_PROVIDER,
        model_name: model,
        ...textField('project_id', record.text('projectId', 'project_id')),
        ...textField('prompt_id', record.text('promptName', 'prompt_name')),
        ...textField('prompt_version', record.text('promptVersion', 'prompt_version'), 100),
        ...textField('environment', record.text('environment'), 100),
        ...textField('user_id', record.text('userId', 'user_id')),
        ...textField('session_id', record.text('sessionId', 'session_id')),
        ...(firstTokenMs === undefined ? {} : { stream: true }),
        ...usage?.fields,
        ...numberField('response_time_ms', durationMs),
        ...numberField('time_to_first_token_ms', firstTokenMs),
        status: isFailed ? 'error' : 'success',
        ...(isFailed ? textField('error_type', errorTypeIn([message]) ?? 'error') : {}),
        ...statusCodeField(isFailed ? statusCodeOf([message]) : undefined),
        cost_usd: costOf(record),
        ...gatherTags(
          {
            name: record.text('name'),
            trace_name: record.text('traceName', 'trace_name'),
            trace_id: record.text('traceId', 'trace_id'),
            version: record.text('version'),
            release: record.text('release'),
            tags: record.list('tags', 'traceTags', 'trace_tags'),
          },
          record.object('metadata')?.fields,
        ),
      },
      note: usage?.note ?? '',
    };
  },
};

/** An observation that came to Langfuse as an OpenTelemetry span has its ids: the same span sent here is the same event (otlp/map-call.ts). */
function eventIdOf(id: string, traceId: string | undefined): string {
  const isSpan = /^[0-9a-f]{16}$/.test(id) && traceId !== undefined && /^[0-9a-f]{32}$/.test(traceId);
  return isSpan ? `span:${traceId}/${id}` : `langfuse:${id}`;
}

function usageOf(record: SourceRecord): PostedUsage | undefined {
  const details = record.object('usageDetails', 'usage_details');
  if (details && Object.keys(details.fields).length > 0) {
    const counts = Object.fromEntries(
      Object.entries(details.fields).map(([name, value]) => [name, asNumber(value) ?? value]),
    ) as { [key: string]: Literal };
    // A writer that names its counts as a provider does is read by that provider's rule.
    const isOwnForm = 'input' in counts || 'output' in counts;
    const provider = isOwnForm ? undefined : readUsageObject(counts);
    if (provider) return postedUsage(provider.told, provider.meaning);
    return langfuseKinds(counts);
  }
  const usage = record.object('usage');
  const unit = usage?.text('unit') ?? record.text('unit');
  if (unit !== undefined && unit.toUpperCase() !== 'TOKENS') return undefined;
  return postedUsage(
    {
      input:
        usage?.number('input', 'promptTokens', 'inputTokens') ??
        record.number('inputUsage', 'promptTokens', 'inputTokens', 'prompt_tokens'),
      output:
        usage?.number('output', 'completionTokens', 'outputTokens') ??
        record.number('outputUsage', 'completionTokens', 'outputTokens', 'completion_tokens'),
    },
    { inputIncludesCache: true, outputIncludesReasoning: true },
  );
}

/** What Langfuse shows as the cost. A 0 without any detail is Langfuse's way to say that it has no price. */
function costOf(record: SourceRecord): string | undefined {
  const details = Object.entries(record.object('costDetails', 'cost_details')?.fields ?? {}).flatMap(
    ([name, value]) => {
      const number = asNumber(value);
      return number === undefined ? [] : [[name, number] as const];
    },
  );
  const total = details.find(([name]) => name === 'total')?.[1];
  if (total !== undefined) return decimalUsd(total);
  if (details.length > 0) return decimalUsd(details.reduce((sum, [, cost]) => sum + cost, 0));
  const cost =
    record.number('totalCost', 'total_cost', 'calculatedTotalCost') ??
    record.object('usage')?.number('totalCost');
  return cost === 0 ? undefined : decimalUsd(cost);
}

const milliseconds = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1_000_000) / 1000;
