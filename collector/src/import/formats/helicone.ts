import { makerOf, providerName } from '../../otlp/provider-name.ts';
import { decimalUsd, millisecondsBetween, type SourceRecord } from '../source-record.ts';
import { missingId, type ImportFormat, type Mapped } from './format.ts';
import {
  gatherTags,
  numberField,
  postedUsage,
  statusCodeField,
  textField,
  UNKNOWN_PROVIDER,
  type PostedUsage,
} from './posted-fields.ts';

/** Helicone's own values of response_status. */
const PENDING = -2;
const OWN_STATUSES: Readonly<Record<string, string>> = {
  '-1': 'timeout',
  '-3': 'cancelled',
  '-4': 'threat_blocked',
};
/** Stands in cache_reference_id where no cached answer was given. */
const NO_REFERENCE = '00000000-0000-0000-0000-000000000000';

/**
 * Helicone's requests: POST /v1/request/query-clickhouse and the files of @helicone/export (JSON, JSONL, CSV).
 *
 * Helicone takes cached tokens off `prompt_tokens` for every provider before it stores them (Anthropic's API leaves them out by
 * itself), and reasoning and audio tokens off `completion_tokens`: each token stands in one column. An answer out of Helicone's
 * cache names the request that it repeats. Times without a zone are UTC.
 */
export const helicone: ImportFormat = {
  checkedAgainst: 'Helicone API v1 (request/query-clickhouse) and @helicone/export 1',
  idField: 'request_id',
  map: (record): Mapped => {
    // The CSV of the export tool has the response's id only.
    const id = record.text('request_id', 'requestId', 'response_id');
    if (id === undefined) return missingId('request_id', 'Helicone');
    const start = record.time('request_created_at', 'requestCreatedAt', 'created_at', 'createdAt');
    if (start === undefined) return { field: 'request_created_at', reason: 'is missing' };
    const code = record.number('response_status', 'status', 'status_code');
    // It comes again in a later export, when it is finished.
    if (code === PENDING) return 'skipped';
    const model = record.text('model_override', 'response_model', 'model', 'request_model');
    const properties = record.object('request_properties', 'properties')?.fields;
    const error = code === undefined ? undefined : OWN_STATUSES[String(code)];
    const isFailed = code !== undefined && (code >= 400 || code < 0);
    const reference = record.text('cache_reference_id', 'cacheReferenceId');
    const isCacheHit =
      record.flag('cache_hit', 'cached', 'is_cached') ??
      (reference !== undefined && reference !== NO_REFERENCE);
    const firstTokenMs = record.number('time_to_first_token', 'time_to_first_token_ms');
    const usage = usageOf(record);
    return {
      event: {
        event_id: `helicone:${id}`,
        timestamp: start,
        model_provider: providerOf(record.text('provider'), model),
        model_name: model,
        ...textField('prompt_id', record.text('prompt_id', 'promptId')),
        ...textField('prompt_version', record.text('prompt_version', 'promptVersion'), 100),
        ...textField('endpoint', record.text('request_path', 'path')?.replace(/^https?:\/\/[^/]+/, ''), 500),
        ...textField('user_id', record.text('request_user_id', 'user_id', 'userId')),
        ...textField('session_id', sessionOf(properties)),
        ...(firstTokenMs !== undefined && firstTokenMs > 0
          ? { stream: true, time_to_first_token_ms: firstTokenMs }
          : {}),
        ...(isFailed && !usage.isTold ? {} : usage.fields),
        ...numberField(
          'response_time_ms',
          record.number('delay_ms', 'latency', 'latency_ms') ??
            millisecondsBetween(start, record.time('response_created_at', 'responseCreatedAt')),
        ),
        status: isFailed ? 'error' : 'success',
        ...(error === undefined ? {} : { error_type: error }),
        ...statusCodeField(code),
        cache_hit: isCacheHit,
        cost_usd: decimalUsd(record.value('cost', 'costUSD', 'cost_usd', 'costUsd')),
        ...gatherTags(
          { country: record.text('country_code'), target: hostOf(record.text('target_url')) },
          Object.fromEntries(
            Object.entries(properties ?? {}).filter(([name]) => !name.startsWith('Helicone-Session')),
          ),
        ),
      },
      note: usage.note,
    };
  },
};

function usageOf(record: SourceRecord): PostedUsage & { isTold: boolean } {
  const prompt = record.number('prompt_tokens', 'promptTokens');
  const completion = record.number('completion_tokens', 'completionTokens');
  const audioOut = record.number('completion_audio_tokens') ?? 0;
  const audioIn = record.number('prompt_audio_tokens') ?? 0;
  const plus = (value: number | undefined, more: number): number | undefined =>
    value === undefined ? undefined : value + Math.max(0, more);
  const posted = postedUsage(
    {
      input: plus(prompt, audioIn),
      output: plus(completion, audioOut),
      cacheRead: record.number('prompt_cache_read_tokens', 'promptCacheReadTokens'),
      cacheWrite: record.number('prompt_cache_write_tokens', 'promptCacheWriteTokens'),
      cacheWrite5m: record.number('prompt_cache_write_5m', 'promptCacheWrite5m'),
      cacheWrite1h: record.number('prompt_cache_write_1h', 'promptCacheWrite1h'),
      reasoning: record.number('reasoning_tokens', 'reasoningTokens'),
    },
    { inputIncludesCache: false, outputIncludesReasoning: false },
  );
  return { ...posted, isTold: (prompt ?? 0) + (completion ?? 0) > 0 };
}

/** Helicone's providers are upper case; CUSTOM says only that it knew none. */
function providerOf(provider: string | undefined, model: string | undefined): string {
  const told =
    provider === undefined || provider.toUpperCase() === 'CUSTOM' ? undefined : providerName(provider);
  return told ?? makerOf(model ?? '') ?? UNKNOWN_PROVIDER;
}

function sessionOf(properties: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const id = properties?.['Helicone-Session-Id'];
  return typeof id === 'string' ? id : undefined;
}

/** The host alone: paths and queries of a URL may hold keys. */
function hostOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}
