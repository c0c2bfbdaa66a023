import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { modelOf, type CallFields, type CallReport } from './call-report.ts';
import {
  billedCallsOf,
  CARRIED,
  EMITTERS,
  expectedTokens,
  reportsOf,
  requestsOf,
  type BilledCall,
  type Carried,
} from './captures.ts';
import { MemoryCandidates } from './memory-candidates.ts';
import { resolveCalls } from './resolve.ts';
import { UnknownShapes } from './unknown-shapes.ts';

const reports = new Map<string, CallReport[]>(
  EMITTERS.map((emitter) => [emitter, requestsOf(emitter).flatMap((request) => reportsOf(request))]),
);

/** Calls in a form that does not depend on the order in which they were found. */
function asSet(calls: Iterable<CallFields>): string[] {
  return [...calls]
    .map((call) =>
      JSON.stringify(call, (_key, value: unknown) => (isPlainObject(value) ? sortKeys(value) : value)),
    )
    .toSorted();
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const sortKeys = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** What a call must look like, by what was billed and what the emitter is able to tell. */
function expected(call: BilledCall, carried: Carried): Record<string, unknown> {
  const isFailed = call.status === 'error';
  return {
    case: call.case,
    provider: call.provider,
    model: carried.responseModel(call)
      ? (call.response_model ?? call.request_model)
      : call.api === 'embeddings'
        ? call.request_model
        : call.stream || isFailed
          ? call.request_model
          : call.response_model,
    stream: carried.stream(call) ? call.stream : null,
    status: isFailed ? 'error' : 'success',
    statusCode: carried.statusCode(call) ? call.http_status : null,
    isErrorNamed: isFailed,
    userId: carried.user(call) ? (call.context_user ?? call.user ?? null) : null,
    ...(carried.session(call) ? { sessionId: call.session ?? null } : {}),
    ...(carried.prompt(call)
      ? {
          promptId: call.prompt ?? null,
          promptVersion: call.prompt_version === undefined ? null : String(call.prompt_version),
        }
      : {}),
    tokens: expectedTokens(call, carried),
  };
}

describe.each(EMITTERS)('the calls that %s told of', (emitter) => {
  const carried = CARRIED[emitter];
  if (!carried) throw new Error(emitter);
  const billed = billedCallsOf(emitter);
  const told = billed.filter((call) => !carried.untold(call));

  test('are found once each, as billed where it was told and unknown where it was not', () => {
    const found = [...new Set(requestsOf(emitter).map((request) => request.case))].flatMap((name) => {
      const inCase = requestsOf(emitter)
        .filter((request) => request.case === name)
        .flatMap((request) => reportsOf(request));
      return resolveCalls(inCase)
        .toSorted((a, b) => a.call.timestampUs - b.call.timestampUs)
        .map(({ call }) => ({ case: name, call }));
    });
    const calls = found.filter(({ case: name }) => name !== 'manual_generation');
    const order = (one: { case: string }, other: { case: string }): number =>
      one.case < other.case ? -1 : one.case > other.case ? 1 : 0;
    const wanted = told.map((call) => expected(call, carried) as { case: string }).toSorted(order);
    const got = calls.toSorted(order).map(({ case: name, call }, index) => {
      const all = {
        case: name,
        provider: call.provider,
        model: modelOf(call),
        stream: call.stream,
        status: call.status,
        statusCode: call.statusCode,
        isErrorNamed: call.errorType !== null,
        userId: call.userId,
        sessionId: call.sessionId,
        promptId: call.promptId,
        promptVersion: call.promptVersion,
        tokens: call.tokens,
      };
      // A session or prompt that the driver did not set may be the emitter's own (a conversation id): not compared.
      return Object.fromEntries(
        Object.entries(all).filter(([field]) => Object.hasOwn(wanted[index] ?? all, field)),
      );
    });
    expect(got).toEqual(wanted);
  });

  test('are the same from all requests together', () => {
    const all = resolveCalls(reports.get(emitter) ?? []);
    expect(all).toHaveLength(told.length + (emitter === 'langfuse-v3' ? 1 : 0));
  });

  test('start and last as the spans did', () => {
    for (const { call, members } of resolveCalls(reports.get(emitter) ?? [])) {
      const spans = members.filter(({ source }) => source.signal === 'span');
      expect(call.timestampUs).toBe(Math.min(...spans.map(({ relation }) => relation.startUs)));
      expect(call.responseTimeMs).toBeGreaterThan(0);
      if (call.timeToFirstTokenMs !== null)
        expect(call.timeToFirstTokenMs).toBeLessThanOrEqual(call.responseTimeMs ?? 0);
    }
  });

  test('are the same in whatever order and pieces they come, twice over', () => {
    const all = reports.get(emitter) ?? [];
    const whole = asSet(resolveCalls(all).map(({ call }) => call));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.integer({ min: 1, max: 5 })),
        fc.boolean(),
        (shuffled, sizes, isSentAgain) => {
          const candidates = new MemoryCandidates();
          const pieces = split(shuffled, sizes);
          for (const piece of pieces) candidates.submit(piece);
          if (isSentAgain)
            for (const piece of pieces.toReversed()) {
              const { create, complete, withdraw, duplicates } = candidates.submit(piece);
              expect({ create, complete, withdraw, duplicates }).toEqual({
                create: [],
                complete: [],
                withdraw: [],
                duplicates: piece.length,
              });
            }
          expect(asSet(candidates.calls.values())).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('leave nothing behind that nobody knows', () => {
    const unknown = new UnknownShapes();
    for (const request of requestsOf(emitter)) reportsOf(request, unknown);
    expect(unknown.list()).toEqual([]);
  });
});

/** Pieces of the given sizes, then single ones. */
function split(all: readonly CallReport[], sizes: readonly number[]): CallReport[][] {
  const pieces: CallReport[][] = [];
  let start = 0;
  for (const size of [...sizes, ...all.map(() => 1)]) {
    if (start >= all.length) break;
    pieces.push(all.slice(start, start + size));
    start += size;
  }
  return pieces;
}

test('all emitters into one tenant, requests shuffled: ids that stubs repeat join no calls of different emitters', () => {
  const all = EMITTERS.flatMap((emitter) => requestsOf(emitter).map((request) => reportsOf(request)));
  const count = EMITTERS.reduce((sum, emitter) => sum + resolveCalls(reports.get(emitter) ?? []).length, 0);
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (requests) => {
      const candidates = new MemoryCandidates();
      for (const request of requests) candidates.submit(request);
      expect(candidates.calls.size).toBe(count);
    }),
    { numRuns: 5 },
  );
});

test('the generation that an application wrote by itself is taken as Langfuse means it: kinds that do not overlap', () => {
  const request = requestsOf('langfuse-v3').filter(({ case: name }) => name === 'manual_generation');
  const [found] = resolveCalls(request.flatMap((one) => reportsOf(one)));
  expect(found?.call).toMatchObject({
    tokens: { input: 227, cacheRead: 4096, cacheWriteUnsplit: 768, output: 137 },
    costUsd: '0.03',
  });
});
