import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { captureFigures, PAGE, withTable } from './capture-table.ts';
import { EMITTERS } from './captures.ts';

/** What the makers of the captures counted by themselves (tests/fixtures/otlp/README.md): the sum over all spans. */
const COUNTED: Readonly<Record<string, [number, number]>> = {
  'openai-v2': [10_837, 2_474],
  'openai-v2-latest': [10_837, 2_474],
  'openllmetry-openai': [15_690, 4_619],
  'openllmetry-openai-events': [15_690, 4_619],
  'openinference-openai': [15_690, 4_619],
  openlit: [21_077, 5_798],
  'openllmetry-anthropic': [39_470, 1_724],
  'anthropic-native': [19_735, 861],
  litellm: [25_243, 3_919],
  'pydantic-ai': [61_525, 7_404],
  'pydantic-ai-v2': [104_442, 14_226],
  'vercel-ai': [93_836, 15_580],
  'vercel-ai-v4': [45_967, 14_207],
  'node-openai-otel': [14_942, 3_694],
  'langfuse-v3': [19_565, 5_062],
  'traceloop-sdk': [26_972, 2_235],
};

describe.each(EMITTERS)('the totals of %s', (emitter) => {
  const figures = captureFigures(emitter);

  test('are those that were billed for the calls whose tokens it told', () => {
    expect(figures.recorded).toEqual(figures.billedOfTold);
    expect(figures.recordedCalls).toBe(figures.calls.told);
  });

  test('as a plain sum are what the makers of the capture counted', () => {
    expect(figures.plainSum).toEqual(COUNTED[emitter]);
  });
});

test('the table in the documentation is that of now', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toBe(withTable(page));
});
