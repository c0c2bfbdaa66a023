import { readFileSync, writeFileSync } from 'node:fs';
import type { Attributes } from './attributes.ts';
import { inputTotal } from './call-report.ts';
import { billedCallsOf, CARRIED, EMITTERS, reportsOf, requestsOf } from './captures.ts';
import { decodeTracesJson } from './decode-json.ts';
import { decodeTraces } from './decode-protobuf.ts';
import { isLiteralObject, readObject } from './literal.ts';
import { resolveCalls } from './resolve.ts';

/** The page that has the table; `node collector/src/otlp/capture-table.ts` writes it anew. */
export const PAGE = new URL('../../../docs/connect/captures.md', import.meta.url);
const BEGIN = '<!-- table: begin -->';
const END = '<!-- table: end -->';

export interface CaptureFigures {
  emitter: string;
  /** Calls that the provider billed, and those of them that the emitter told of and of which it told tokens. */
  calls: { billed: number; told: number; withTokens: number };
  recordedCalls: number;
  /** Tokens as [input, output]; input with what was read from and written to caches. */
  billed: [number, number];
  /** Billed for calls whose tokens the emitter told. */
  billedOfTold: [number, number];
  recorded: [number, number];
  plainSum: [number, number];
}

/** What was billed, what is recorded, and what a sum over all spans would have said. */
export function captureFigures(emitter: string): CaptureFigures {
  const carried = CARRIED[emitter];
  if (!carried) throw new Error(`${emitter} is no capture.`);
  const billed = billedCallsOf(emitter);
  const told = billed.filter((call) => !carried.untold(call));
  const withTokens = told.filter((call) => call.usage && !carried.withoutUsage(call));
  const requests = requestsOf(emitter);
  // A generation that the application wrote by itself: nothing was billed for it.
  const own = requests.filter(({ case: name }) => name !== 'manual_generation');
  const calls = resolveCalls(own.flatMap((request) => reportsOf(request)));
  const usages = billed.flatMap(({ usage }) => usage ?? []);
  const sum = (pairs: readonly (readonly [number, number])[]): [number, number] => [
    pairs.reduce((total, [input]) => total + input, 0),
    pairs.reduce((total, [, output]) => total + output, 0),
  ];
  return {
    emitter,
    calls: { billed: billed.length, told: told.length, withTokens: withTokens.length },
    recordedCalls: calls.length,
    billed: sum(usages.map((usage) => [usage.input_total, usage.output_total])),
    billedOfTold: sum(withTokens.map(({ usage }) => [usage?.input_total ?? 0, usage?.output_total ?? 0])),
    recorded: sum(calls.map(({ call }) => [inputTotal(call.tokens) ?? 0, call.tokens.output ?? 0])),
    plainSum: sum(
      requests
        .filter(({ signal }) => signal === 'traces')
        .flatMap(({ isJson, body }) => (isJson ? decodeTracesJson(body) : decodeTraces(body)))
        .map(({ attributes }) => plainUsage(attributes)),
    ),
  };
}

const INPUTS = [
  'gen_ai.usage.input_tokens',
  'llm.token_count.prompt',
  'ai.usage.inputTokens',
  'ai.usage.promptTokens',
  'ai.usage.tokens',
];
const OUTPUTS = [
  'gen_ai.usage.output_tokens',
  'llm.token_count.completion',
  'ai.usage.outputTokens',
  'ai.usage.completionTokens',
];

/** Tokens of a span as a query over attributes would read them. */
function plainUsage(attributes: Attributes): [number, number] {
  const details = readObject(attributes.text('langfuse.observation.usage_details'));
  const first = (names: readonly string[], inDetails: readonly string[]): number => {
    const name = names.find((one) => attributes.has(one));
    if (name !== undefined) return attributes.number(name) ?? 0;
    const values = inDetails.map((one) => (isLiteralObject(details) ? details[one] : undefined));
    return values.find((value) => typeof value === 'number') ?? 0;
  };
  return [
    first(INPUTS, ['prompt_tokens', 'input_tokens', 'input']),
    first(OUTPUTS, ['completion_tokens', 'output_tokens', 'output']),
  ];
}

const pair = ([input, output]: readonly [number, number]): string =>
  `${thousands(input)} / ${thousands(output)}`;
const thousands = (number: number): string => String(number).replace(/\B(?=(\d{3})+$)/g, ',');

/** The table in Markdown. */
export function captureTable(): string {
  const rows = EMITTERS.map((emitter) => {
    const figures = captureFigures(emitter);
    const { calls } = figures;
    return [
      emitter,
      `${calls.billed}`,
      `${figures.recordedCalls}`,
      pair(figures.billed),
      pair(figures.billedOfTold),
      pair(figures.recorded),
      pair(figures.plainSum),
    ];
  });
  const head = [
    'emitter',
    'calls billed',
    'calls recorded',
    'billed in / out',
    'of it told by the emitter',
    'recorded',
    'plain sum over spans',
  ];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The page with the table of now in it. */
export function withTable(page: string): string {
  const [before = '', rest = ''] = page.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  return `${before}${BEGIN}\n\n${captureTable()}\n\n${END}${after}`;
}

if (import.meta.main) writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8')));
