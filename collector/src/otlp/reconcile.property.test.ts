import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CallReport } from './call-report.ts';
import { MemoryCandidates } from './memory-candidates.ts';
import { resolveCalls } from './resolve.ts';
import {
  reportsFrom,
  reportsFromLogs,
  type Attributes,
  type TestRecord,
  type TestSpan,
} from './test-telemetry.ts';

/*
 * Traces drawn from few values, so that much looks alike and rules meet that seldom meet: what is stored in the end must not depend on
 * the order of arrival all the same. A span begins while its parent lasts (the part of what is kept that is looked up is chosen by time)
 * and may outlast it.
 */

const span = fc.record({
  scope: fc.constantFrom('acme', 'com.anthropic.sdk.python', 'opentelemetry.instrumentation.anthropic'),
  trace: fc.integer({ min: 1, max: 2 }),
  /** Which of the spans before it in its trace is its parent; -1: one that is not told. */
  parent: fc.option(fc.integer({ min: -1, max: 6 }), { nil: undefined }),
  /** After its parent's start. */
  start: fc.constantFrom(0, 1, 50, 400, 9_000, 20_000),
  length: fc.constantFrom(90, 100, 300, 1000, 10_000, 30_000),
  mayOutlast: fc.constantFrom(false, false, true),
  operation: fc.constantFrom('chat', 'chat', 'invoke_agent', 'execute_tool', 'unheard_of'),
  input: fc.constantFrom(undefined, 100, 200, 300),
  output: fc.constantFrom(5, 6, 10),
  responseId: fc.constantFrom(undefined, undefined, 'msg_1', 'msg_2'),
  isFailed: fc.boolean(),
  user: fc.constantFrom(undefined, 'u-1', 'u-2'),
});
type Drawn = typeof span extends fc.Arbitrary<infer Value> ? Value : never;

/** Spans of which each lies in time as its parent allows. */
function placed(drawn: readonly Drawn[]): TestSpan[] {
  const spans: Required<Pick<TestSpan, 'trace' | 'id' | 'start' | 'end'>>[] = [];
  return drawn.map((one, index) => {
    const before = spans.filter(({ trace }) => trace === one.trace);
    const parent =
      one.parent === undefined || one.parent < 0
        ? undefined
        : before[one.parent % Math.max(before.length, 1)];
    const start = parent ? Math.min(parent.start + one.start, parent.end) : one.start;
    const end = parent && !one.mayOutlast ? Math.min(start + one.length, parent.end) : start + one.length;
    const span = { trace: one.trace, id: index + 1, start, end };
    spans.push(span);
    return {
      ...span,
      scope: one.scope,
      ...(parent ? { parent: parent.id } : one.parent === -1 ? { parent: 99 } : {}),
      ...(one.isFailed ? { error: 'x' } : {}),
      attributes: { 'gen_ai.operation.name': one.operation, ...told(one) },
    };
  });
}

const record = fc.record({
  /** Which span it names, at the end of which it comes; undefined: none. */
  span: fc.option(fc.nat(7), { nil: undefined }),
  at: fc.constantFrom(100, 101, 450, 9_090),
  input: fc.constantFrom(100, 200),
  output: fc.constantFrom(5, 6),
  responseId: fc.constantFrom(undefined, 'msg_1'),
});

const told = (one: {
  input?: number | undefined;
  output: number;
  responseId?: string | undefined;
  user?: string | undefined;
}): Attributes => ({
  'gen_ai.request.model': 'claude-sonnet-4-5',
  ...(one.input === undefined
    ? {}
    : { 'gen_ai.usage.input_tokens': one.input, 'gen_ai.usage.output_tokens': one.output }),
  ...(one.responseId === undefined ? {} : { 'gen_ai.response.id': one.responseId }),
  ...(one.user === undefined ? {} : { 'user.id': one.user }),
});

const reports = fc
  .tuple(fc.array(span, { maxLength: 8 }), fc.array(record, { maxLength: 3 }))
  .map(([drawn, records]): CallReport[] => {
    const spans = placed(drawn);
    const logs = records.map((one): TestRecord => {
      const named = one.span === undefined ? undefined : spans[one.span % Math.max(spans.length, 1)];
      return {
        scope: 'acme',
        event: 'gen_ai.client.inference.operation.details',
        at: named?.end === undefined ? one.at : named.end + 1,
        ...(named?.trace === undefined || named.id === undefined
          ? {}
          : { trace: named.trace, span: named.id }),
        attributes: { 'gen_ai.operation.name': 'chat', ...told(one) },
      };
    });
    return [...reportsFrom(spans), ...reportsFromLogs(logs)];
  });

test('any spans and records, in any order and any pieces, give the same calls', () => {
  fc.assert(
    fc.property(
      reports,
      fc.infiniteStream(fc.integer({ min: 0, max: 1_000_000 })),
      fc.integer({ min: 1, max: 4 }),
      (all, numbers, size) => {
        const order = all
          .map((report) => ({ report, at: numbers.next().value as number }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ report }) => report);
        const candidates = new MemoryCandidates();
        for (let start = 0; start < order.length; start += size)
          candidates.submit(order.slice(start, start + size));
        const whole = resolveCalls(all).map(({ call }) => JSON.stringify(call));
        expect([...candidates.calls.values()].map((call) => JSON.stringify(call)).toSorted()).toEqual(
          whole.toSorted(),
        );
      },
    ),
    { numRuns: 3_000 },
  );
});
