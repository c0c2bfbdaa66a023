import type { Literal } from '../../otlp/literal.ts';
import { makerOf, providerName } from '../../otlp/provider-name.ts';
import { CACHE_EXCLUDED, INCLUSIVE, type ToldUsage } from '../../otlp/usage.ts';
import { readUsageObject } from '../../otlp/usage-object.ts';
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

const ENDPOINTS: Readonly<Record<string, string>> = {
  completion: '/v1/chat/completions',
  text_completion: '/v1/completions',
  embedding: '/v1/embeddings',
  responses: '/v1/responses',
  anthropic_messages: '/v1/messages',
};

/**
 * LiteLLM's spend logs: rows of "LiteLLM_SpendLogs", from SQL or from /spend/logs.
 *
 * `prompt_tokens` includes cached tokens for every provider; what was cached stands in `metadata.usage_object`. Before LiteLLM added
 * them, a Claude row held Anthropic's own count, which leaves them out: told by more cached tokens than input, or by text tokens
 * that are all of the input. A hit in LiteLLM's own cache repeats the tokens and costs nothing. Times without a zone are UTC.
 */
export const litellm: ImportFormat = {
  checkedAgainst: 'litellm 1.80, table LiteLLM_SpendLogs',
  idField: 'request_id',
  map: (record): Mapped => {
    const id = record.text('request_id');
    if (id === undefined) return missingId('request_id', 'LiteLLM');
    const isFailed = record.text('status')?.toLowerCase() === 'failure';
    const metadata = record.object('metadata');
    const model = record.text('model', 'model_group');
    const usage = usageOf(record, metadata);
    // Health checks, file and key requests are logged too; they name no model and use nothing.
    if (model === undefined && (usage.fields.input_tokens ?? 0) + (usage.fields.output_tokens ?? 0) === 0)
      return 'skipped';
    const start = record.time('startTime');
    const end = record.time('endTime');
    const firstToken = record.time('completionStartTime');
    const durationMs = millisecondsBetween(start, end);
    const firstTokenMs = millisecondsBetween(start, firstToken);
    // Without a stream LiteLLM writes the end here.
    const isStream = durationMs !== undefined && firstTokenMs !== undefined && firstTokenMs < durationMs;
    const error = metadata?.object('error_information');
    const provider =
      record.text('custom_llm_provider') ?? error?.text('llm_provider') ?? makerOf(model ?? '') ?? '';
    return {
      event: {
        event_id: `litellm:${id}`,
        timestamp: start,
        model_provider: providerName(provider) ?? makerOf(model ?? '') ?? UNKNOWN_PROVIDER,
        model_name: bareModel(model, provider),
        ...textField(
          'endpoint',
          ENDPOINTS[(record.text('call_type') ?? '').replace(/^a(?!nthropic)/, '')],
          500,
        ),
        ...textField('user_id', record.text('end_user', 'user')),
        ...textField('session_id', record.text('session_id')),
        ...(isStream ? { stream: true, time_to_first_token_ms: firstTokenMs } : {}),
        ...numberField('response_time_ms', durationMs),
        // A failed call is logged with zeros: nothing is known about what it used.
        ...(isFailed && record.number('total_tokens') === 0 ? {} : usage.fields),
        status: isFailed ? 'error' : 'success',
        ...(isFailed ? textField('error_type', error?.text('error_class', 'error_code') ?? 'failure') : {}),
        ...statusCodeField(isFailed ? error?.number('error_code') : undefined),
        cache_hit: record.flag('cache_hit') ?? false,
        cost_usd: decimalUsd(record.value('spend')),
        ...gatherTags(
          {
            model_group: record.text('model_group'),
            team_id: record.text('team_id'),
            team_alias: metadata?.text('user_api_key_team_alias'),
            organization_id: record.text('organization_id'),
            key_alias: metadata?.text('user_api_key_alias'),
            // Only the hash that LiteLLM stores; never a key.
            key_hash: /^[0-9a-f]{64}$/.exec(record.text('api_key') ?? '')?.[0],
            tags: record.list('request_tags'),
          },
          metadata?.object('spend_logs_metadata')?.fields,
        ),
      },
      note: usage.note,
    };
  },
};

/** `azure/gpt-4o` of the provider azure is gpt-4o. */
function bareModel(model: string | undefined, provider: string): string | undefined {
  const prefix = `${provider}/`;
  return provider !== '' && model?.startsWith(prefix) ? model.slice(prefix.length) : model;
}

function usageOf(record: SourceRecord, metadata: SourceRecord | undefined): PostedUsage {
  const objects = [metadata?.object('usage_object'), metadata?.object('additional_usage_values')];
  // The details of older rows stand among the additional values, which have no names of totals to be known by.
  const told = objects.flatMap((object) => {
    if (object === undefined) return [];
    const known = readUsageObject({ prompt_tokens: 0, ...(object.fields as { [key: string]: Literal }) });
    return known ? [known.told] : [];
  });
  const first = (name: keyof ToldUsage): number | undefined =>
    told.map((one) => one[name]).find((value) => value !== undefined);
  const input = record.number('prompt_tokens') ?? objects[0]?.number('prompt_tokens');
  const usage: ToldUsage = {
    input,
    output: record.number('completion_tokens') ?? objects[0]?.number('completion_tokens'),
    total: record.number('total_tokens'),
    cacheRead: first('cacheRead'),
    cacheWrite: first('cacheWrite'),
    cacheWrite5m: first('cacheWrite5m'),
    cacheWrite1h: first('cacheWrite1h'),
    reasoning: first('reasoning'),
  };
  const text = objects[0]?.object('prompt_tokens_details')?.number('text_tokens');
  const isClaude = /claude/i.test(record.text('model', 'model_group') ?? '');
  const leavesCacheOut = isClaude && text !== undefined && input !== undefined && input > 0 && text >= input;
  return postedUsage(usage, leavesCacheOut ? CACHE_EXCLUDED : INCLUSIVE);
}
