import type { TestCollector } from './test-collector.ts';

/** Days around which calls are made: on some of them clocks change in Berlin, New York or on Lord Howe. */
const STARTS = [
  '2026-03-28T12:00:00Z',
  '2026-03-07T12:00:00Z',
  '2026-10-24T12:00:00Z',
  '2026-10-03T06:00:00Z',
  '2026-10-31T12:00:00Z',
];
/** The days that hold all of the calls, in any time zone. */
export const RANDOM_CALLS_PERIOD = { start_date: '2026-03-01', end_date: '2026-11-10' };

const MODELS = [
  ['openai', 'gpt-4o'],
  ['openai', 'gpt-4o-mini'],
  ['anthropic', 'claude-3-5-haiku-latest'],
  // Nobody knows a price of these.
  ['vllm', 'own-model'],
  ['vllm', 'other-model'],
] as const;
const TEAMS = ['search', 'ads', 'Über-Team "1"', '', null, undefined, 7, { lead: 'x' }];

/**
 * Posts calls as an application of many parts would: in several batches, late ones after recent ones, some twice, with missing members,
 * tags of every kind, unpriced models, errors and answers without usage. The same seed gives the same calls.
 */
export async function postRandomCalls(
  collector: TestCollector,
  { seed, count, key }: { seed: number; count: number; key?: string },
): Promise<void> {
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value;
  const maybe = <Value>(value: Value): Value | null => (random() < 0.15 ? null : value);
  const events = Array.from({ length: count }, (_, index) => {
    const [provider, model] = pick(MODELS);
    const isError = random() < 0.1;
    const hasUsage = random() < 0.95;
    const team = pick(TEAMS);
    return {
      event_id: `random-${seed}-${index}`,
      timestamp: new Date(Date.parse(pick(STARTS)) + below(60 * 3_600_000)).toISOString(),
      project_id: maybe(`project-${below(3)}`),
      prompt_id: maybe(`prompt-${below(7)}`),
      prompt_version: maybe(String(below(2))),
      endpoint: maybe(pick(['/v1/chat/completions', '/v1/responses'])),
      model_provider: provider,
      model_name: model,
      environment: maybe(pick(['production', 'test'])),
      user_id: maybe(`user-${below(20)}`),
      session_id: maybe(`session-${below(40)}`),
      service_tier: pick([null, null, null, 'default', 'batch']),
      stream: pick([true, false, null]),
      ...(hasUsage && {
        input_tokens: below(9000),
        output_tokens: below(900),
        cache_read_tokens: pick([0, 0, below(500)]),
      }),
      tokens_requested: pick([1000, null]),
      response_time_ms: maybe(Math.round(Math.exp(5 + 3 * random()) * 1000) / 1000),
      time_to_first_token_ms: pick([null, below(400)]),
      status: isError ? 'error' : 'success',
      status_code: isError ? pick([429, 500, 503]) : maybe(200),
      error_type: isError ? pick(['rate_limit', 'server_error', null]) : null,
      cache_hit: random() < 0.05,
      cost_usd: pick([null, null, '0.0123']),
      ...(team === undefined ? {} : { metadata: { team, 'cost.centre': pick(['a', 'b']) } }),
    };
  });
  // Recent ones first and late ones after the rollups have passed them; every tenth is told twice.
  events.sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1));
  const batches = [
    events.slice(0, count / 3),
    events.slice(count / 3),
    events.filter((_, index) => index % 10 === 0),
  ];
  for (const batch of batches) {
    for (let from = 0; from < batch.length; from += 400) {
      const answer = await collector.post(batch.slice(from, from + 400), key === undefined ? {} : { key });
      if (answer.statusCode !== 200 || answer.json<{ rejected: number }>().rejected > 0)
        throw new Error(answer.body);
    }
    await collector.complete();
  }
}
