import { readObject, type Literal } from '../literal.ts';
import { makerOf } from '../provider-name.ts';
import { readUsageObject } from '../usage-object.ts';
import type { Facts } from '../facts.ts';
import type { Mapping, Told } from './mapping.ts';

const RAW = /^llm\.([^.]+)\.(?:id|model|usage|object|type)$/;

/**
 * LiteLLM. Input is inclusive for every provider; cached and reasoning tokens stand in `metadata.usage_object`, a printed Python dict.
 * Its child `raw_gen_ai_request` has the provider's own answer: id and usage. The id on the span itself is often LiteLLM's own. A hit in
 * LiteLLM's response cache repeats id, usage and cost of the first answer, and costs nothing.
 */
export const litellm: Mapping = {
  emitter: 'litellm',
  checkedAgainst: 'litellm 1.106.2, callbacks otel',
  scope: /^litellm/,
  // A gateway knows who served it; the client in front of it only knows the gateway.
  rank: 85,
  fields: {
    userId: ['llm.user', 'metadata.user_api_key_end_user_id', 'metadata.user_api_key_user_id'],
    costUsd: ['gen_ai.cost.total_cost', 'litellm.cost.total', 'gen_ai.usage.cost'],
    finishReason: ['gen_ai.response.finish_reasons'],
  },
  role: ({ name, attributes }) => {
    if (name === 'raw_gen_ai_request') return 'detail';
    if (name === 'litellm_request' || attributes.has('litellm.call_id')) return 'call';
    return attributes.has('gen_ai.request.model') && attributes.has('gen_ai.usage.input_tokens')
      ? 'sum'
      : 'context';
  },
  tell: (facts) => (facts.name === 'raw_gen_ai_request' ? rawAnswer(facts) : request(facts)),
  tagPrefixes: ['metadata.user_api_key_alias', 'metadata.user_api_key_team_'],
};

function request({ attributes }: Facts): Told {
  const usage = readObject(attributes.text('metadata.usage_object'));
  const hidden =
    readObject(attributes.text('hidden_params')) ?? readObject(attributes.text('metadata.hidden_params'));
  const cacheKey = hidden?.['cache_key'] ?? attributes.text('hidden_params.cache_key');
  const isCacheHit = typeof cacheKey === 'string' && cacheKey !== '' && cacheKey !== 'None';
  const code = attributes.number('error.code');
  const id = attributes.text('gen_ai.response.id');
  return {
    provider:
      attributes.text('gen_ai.system') ??
      attributes.text('error.llm_provider') ??
      makerOf(attributes.text('litellm.provider.model') ?? ''),
    usage: usage && readUsageObject(usage),
    // Of a stream it is the model that was asked for.
    responseModel: attributes.boolean('llm.is_streaming') === true ? '' : undefined,
    // chatcmpl-<uuid>, a bare uuid (also of the call) or resp_<base64> are LiteLLM's; the provider's id stands in the raw answer.
    ...(isOwnId(id, attributes.text('litellm.call_id')) ? { responseId: null, localId: id } : {}),
    statusCode: code !== undefined && code >= 400 && code < 600 ? code : undefined,
    ...(isCacheHit ? { cacheHit: true, costUsd: null, responseId: null, localId: undefined } : {}),
  };
}

const OWN_ID = /^(?:chatcmpl-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^resp_bGl0ZWxsb/;

function isOwnId(id: string | undefined, callId: string | undefined): boolean {
  return id !== undefined && (id === callId || OWN_ID.test(id));
}

function rawAnswer({ attributes }: Facts): Told {
  const told: Told = { responseId: null };
  for (const key of attributes.keys()) {
    const match = RAW.exec(key);
    if (!match) continue;
    if (key.endsWith('.id')) told.responseId = attributes.text(key) ?? null;
    else if (key.endsWith('.model')) told.responseModel = attributes.text(key);
    else if (key.endsWith('.usage')) {
      const usage: { [key: string]: Literal } | undefined = readObject(attributes.text(key));
      told.usage = usage && readUsageObject(usage);
    }
  }
  return told;
}
