import { describe, expect, test } from '@jest/globals';
import { requestsOf } from './captures.ts';
import { decodeMetrics, decodeTraces } from './decode-protobuf.ts';
import { decodeMetricsJson } from './decode-json.ts';
import { increase, metricPoints, sourceKey, type LastPoint, type MetricPoint } from './metric-points.ts';
import { pointsFrom } from './test-telemetry.ts';
import { UnknownShapes } from './unknown-shapes.ts';

const only = (points: MetricPoint[]): MetricPoint => {
  const [point] = points;
  if (!point || points.length > 1) throw new Error(`${points.length} points`);
  return point;
};

describe('metered usage', () => {
  test.each([
    [
      'gen_ai.client.token.usage',
      {
        'gen_ai.token.type': 'input',
        'gen_ai.provider.name': 'openai',
        'gen_ai.response.model': 'gpt-4o-2024-08-06',
        'gen_ai.request.model': 'gpt-4o',
      },
      'input',
      'openai',
      'gpt-4o-2024-08-06',
    ],
    [
      'gen_ai.client.token.usage',
      { 'gen_ai.token.type': 'completion', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o' },
      'output',
      'openai',
      'gpt-4o',
    ],
    [
      'gen_ai.client.inference.usage.cache_read.input_tokens',
      { 'gen_ai.token.modality': 'text', 'gen_ai.request.model': 'm' },
      'cache_read',
      null,
      'm',
    ],
    [
      'claude_code.token.usage',
      { type: 'cacheCreation', model: 'claude-sonnet-4-5', 'session.id': 's' },
      'cache_write',
      'anthropic',
      'claude-sonnet-4-5',
    ],
    [
      'gemini_cli.token.usage',
      { type: 'thought', model: 'gemini-2.5-pro' },
      'reasoning',
      null,
      'gemini-2.5-pro',
    ],
    ['gen_ai.client.token.usage', { 'gen_ai.token.type': 'surprise' }, 'unknown', null, null],
  ])('%s %j', (name, attributes, tokenType, provider, model) => {
    expect(only(pointsFrom([{ name, sum: 12, count: 2, attributes }]))).toMatchObject({
      measure: 'tokens',
      tokenType,
      provider,
      model,
      sum: 12,
      count: 2,
    });
  });

  test('cost and durations', () => {
    expect(
      only(
        pointsFrom([
          { name: 'claude_code.cost.usage', value: 0.25, temporality: 1, attributes: { model: 'm' } },
        ]),
      ),
    ).toMatchObject({ measure: 'cost_usd', tokenType: null, sum: 0.25, count: null, temporality: 'delta' });
    expect(
      only(pointsFrom([{ name: 'gen_ai.client.operation.duration', sum: 1.5, count: 3 }])),
    ).toMatchObject({ measure: 'duration_seconds', sum: 1.5, count: 3 });
  });

  test('other metrics are passed over; those of models that nobody knows are counted', () => {
    const unknown = new UnknownShapes();
    expect(
      pointsFrom(
        [
          { name: 'http.client.duration', sum: 1 },
          { name: 'gen_ai.client.brand_new', value: 1 },
          { name: 'gen_ai.server.request.duration', sum: 1 },
        ],
        unknown,
      ),
    ).toEqual([]);
    expect(unknown.list()).toMatchObject([
      { emitter: 'meter', reason: 'metric gen_ai.client.brand_new is not kept', count: 1 },
    ]);
  });

  test('attributes that are kept are few and short', () => {
    const point = only(
      pointsFrom([
        {
          name: 'gen_ai.client.token.usage',
          sum: 1,
          count: 1,
          attributes: { 'session.id': 's'.repeat(500), 'gen_ai.prompt': 'secret', 'url.full': 'x' },
        },
      ]),
    );
    expect(Object.keys(point.attributes)).toEqual(['session.id']);
    expect(point.attributes['session.id']).toHaveLength(200);
  });
});

describe('what a point adds to its series', () => {
  const at = (time: number, sum: number, start = 0, temporality: 1 | 2 = 2): MetricPoint =>
    only(
      pointsFrom([
        {
          name: 'gen_ai.client.token.usage',
          sum,
          count: 1,
          start,
          at: time,
          temporality,
          attributes: { 'gen_ai.token.type': 'input' },
        },
      ]),
    );
  const run = (...points: MetricPoint[]): (number | null | undefined)[] => {
    let last: LastPoint | undefined;
    return points.map((point) => {
      const added = increase(point, last);
      if (added) last = point;
      return added?.sum;
    });
  };

  test('a cumulative one its growth; a repeated or older one nothing', () => {
    expect(run(at(60, 10), at(120, 25), at(120, 25), at(90, 20), at(180, 25))).toEqual([
      10,
      15,
      undefined,
      undefined,
      0,
    ]);
  });

  test('one that began again the whole, seen by its start or by its fall', () => {
    expect(run(at(60, 10), at(120, 4, 100), at(180, 9, 100), at(240, 2, 100))).toEqual([10, 4, 5, 2]);
  });

  test('a delta itself; the same one again nothing', () => {
    expect(run(at(60, 10, 0, 1), at(120, 5, 60, 1), at(120, 5, 60, 1))).toEqual([10, 5, undefined]);
  });
});

test('the captures: the last cumulative points and all deltas give the tokens that the provider billed, where metrics have them', () => {
  const total = (emitter: string, tokenType: string): number => {
    const last = new Map<string, MetricPoint>();
    let sum = 0;
    for (const { signal, isJson, body } of requestsOf(emitter)) {
      if (signal !== 'metrics') continue;
      for (const point of metricPoints(
        isJson ? decodeMetricsJson(body) : decodeMetrics(body),
        new UnknownShapes(),
      )) {
        if (point.measure !== 'tokens' || point.tokenType !== tokenType) continue;
        const key = `${point.sourceKey} ${point.seriesKey}`;
        const added = increase(point, last.get(key));
        if (!added) continue;
        last.set(key, point);
        sum += added.sum ?? 0;
      }
    }
    return sum;
  };
  // README of the captures: what the spans of these emitters add up to.
  expect([total('openai-v2', 'input'), total('openai-v2', 'output')]).toEqual([10_837, 2_474]);
  expect([total('node-openai-otel', 'input'), total('node-openai-otel', 'output')]).toEqual([14_942, 3_694]);
});

test('spans and metrics of one process and scope have one source', () => {
  const requests = requestsOf('openai-v2');
  const spans = requests
    .filter(({ signal }) => signal === 'traces')
    .flatMap(({ body }) => decodeTraces(body));
  const fromSpans = new Set(spans.map(({ origin }) => sourceKey(origin.resource, origin.scopeName)));
  const points = requests
    .filter(({ signal }) => signal === 'metrics')
    .flatMap(({ body }) => metricPoints(decodeMetrics(body), new UnknownShapes()));
  expect(points.some((point) => fromSpans.has(point.sourceKey))).toBe(true);
});
