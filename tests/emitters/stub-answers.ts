import type { BilledCall, Tariff, ToolUse } from './stub-models.ts';

type Json = Record<string, unknown>;

const TEXT = 'Four.';
const CREATED = 1_767_225_600;

/** The answer to one call: a JSON body, or the events of a stream. */
export type Answer = { json: Json } | { events: { event?: string; data: Json | '[DONE]' }[] };

export function answerOf(call: BilledCall, id: string): Answer {
  switch (call.api) {
    case 'chat':
      return call.stream ? chatStream(call, id) : { json: chat(call, id) };
    case 'embeddings':
      return {
        json: {
          object: 'list',
          model: call.model,
          data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5, 0.125] }],
          usage: { prompt_tokens: call.usage.input, total_tokens: call.usage.input },
        },
      };
    case 'responses':
      return call.stream ? responseStream(call, id) : { json: response(call, id, true) };
    case 'messages':
      return call.stream ? messageStream(call, id) : { json: message(call, id) };
    case 'generate-content':
      return call.stream
        ? { events: [{ data: content(call, id, false) }, { data: content(call, id, true) }] }
        : { json: content(call, id, true) };
  }
}

function chatUsage({ input, cacheRead, output, reasoning }: Tariff): Json {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chat({ model, usage }: BilledCall, id: string): Json {
  return {
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: TEXT, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: chatUsage(usage),
    service_tier: 'default',
  };
}

function chatStream({ model, usage, usageSent }: BilledCall, id: string): Answer {
  const chunk = (choices: Json[], more: Json = {}): { data: Json } => ({
    data: {
      id: `chatcmpl-${id}`,
      object: 'chat.completion.chunk',
      created: CREATED,
      model,
      choices,
      ...(usageSent ? { usage: null } : {}),
      ...more,
    },
  });
  const choice = (delta: Json, reason: string | null = null): Json[] => [
    { index: 0, delta, logprobs: null, finish_reason: reason },
  ];
  return {
    events: [
      chunk(choice({ role: 'assistant', content: '' })),
      chunk(choice({ content: TEXT })),
      chunk(choice({}, 'stop')),
      ...(usageSent ? [chunk([], { usage: chatUsage(usage) })] : []),
      { data: '[DONE]' },
    ],
  };
}

function response({ model, usage, tool }: BilledCall, id: string, isComplete: boolean): Json {
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: CREATED,
    status: isComplete ? 'completed' : 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model,
    output: isComplete ? [tool ? functionCall(id, tool) : outputItem(id, TEXT, 'completed')] : [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    user: null,
    metadata: {},
    usage: isComplete
      ? {
          input_tokens: usage.input,
          input_tokens_details: { cached_tokens: usage.cacheRead },
          output_tokens: usage.output,
          output_tokens_details: { reasoning_tokens: usage.reasoning },
          total_tokens: usage.input + usage.output,
        }
      : null,
  };
}

function outputItem(id: string, text: string, status: string): Json {
  return {
    type: 'message',
    id: `msg_${id}`,
    status,
    role: 'assistant',
    content: text === '' ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }],
  };
}

function functionCall(id: string, { name, input }: ToolUse): Json {
  return {
    type: 'function_call',
    id: `fc_${id}`,
    call_id: `call_${id}`,
    name,
    arguments: JSON.stringify(input),
    status: 'completed',
  };
}

function responseStream(call: BilledCall, id: string): Answer {
  const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  const at = { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
  const output: Json[] = call.tool
    ? [{ type: 'response.output_item.done', output_index: 0, item: functionCall(id, call.tool) }]
    : [
        { type: 'response.output_item.added', output_index: 0, item: outputItem(id, '', 'in_progress') },
        { type: 'response.content_part.added', ...at, part },
        { type: 'response.output_text.delta', ...at, delta: TEXT, logprobs: [] },
        { type: 'response.output_text.done', ...at, text: TEXT, logprobs: [] },
        { type: 'response.content_part.done', ...at, part: { ...part, text: TEXT } },
        { type: 'response.output_item.done', output_index: 0, item: outputItem(id, TEXT, 'completed') },
      ];
  const bodies: Json[] = [
    { type: 'response.created', response: response(call, id, false) },
    { type: 'response.in_progress', response: response(call, id, false) },
    ...output,
    { type: 'response.completed', response: response(call, id, true) },
  ];
  return {
    events: bodies.map((body, sequence) => ({
      event: String(body['type']),
      data: { ...body, sequence_number: sequence },
    })),
  };
}

/** Anthropic counts apart: input_tokens leaves out what was read from and written to the cache. */
function messageUsage({ input, cacheRead, cacheWrite, output }: Tariff): Json {
  return {
    input_tokens: input - cacheRead - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: 'standard',
  };
}

/** The end of a stream repeats the input's counts beside the final output, but not the lifetimes of what was written. */
function deltaUsage(usage: Tariff): Json {
  const { cache_creation: _, service_tier: __, ...counts } = messageUsage(usage);
  return counts;
}

const toolBlock = (id: string, { name, input }: ToolUse): Json => ({
  type: 'tool_use',
  id: `toolu_${id}`,
  name,
  input,
});

function message({ model, usage, tool }: BilledCall, id: string, output = usage.output): Json {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [tool ? toolBlock(id, tool) : { type: 'text', text: TEXT }],
    stop_reason: tool ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { ...messageUsage(usage), output_tokens: output },
  };
}

function messageStream(call: BilledCall, id: string): Answer {
  const { tool } = call;
  const start = { ...message(call, id, 1), content: [], stop_reason: null };
  const block = tool ? { ...toolBlock(id, tool), input: {} } : { type: 'text', text: '' };
  const delta = tool
    ? { type: 'input_json_delta', partial_json: JSON.stringify(tool.input) }
    : { type: 'text_delta', text: TEXT };
  const bodies: Json[] = [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: tool ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: deltaUsage(call.usage),
    },
    { type: 'message_stop' },
  ];
  return { events: bodies.map((data) => ({ event: String(data['type']), data })) };
}

/** Google counts thoughts apart from the output; the pieces of a stream each repeat the usage, as far as it is known. */
function content({ model, usage, tool }: BilledCall, id: string, isLast: boolean): Json {
  const { input, cacheRead, output, reasoning } = usage;
  const answer = tool ? { functionCall: { name: tool.name, args: tool.input } } : { text: TEXT };
  return {
    responseId: id,
    modelVersion: model,
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts: [isLast ? answer : { text: '' }] },
        ...(isLast ? { finishReason: 'STOP' } : {}),
      },
    ],
    usageMetadata: {
      promptTokenCount: input,
      ...(cacheRead === 0 ? {} : { cachedContentTokenCount: cacheRead }),
      ...(isLast ? { candidatesTokenCount: output - reasoning } : {}),
      ...(reasoning === 0 ? {} : { thoughtsTokenCount: reasoning }),
      totalTokenCount: input + (isLast ? output : reasoning),
    },
  };
}
