/**
 * Back-tests and timings of the forecast: `node bench/forecast.ts`. Each series is forecast 28 days ahead from up to 40 of its days, from
 * what was known then alone. No database is needed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { DEMO_WORKSPACES, DEFAULT_EVENTS_PER_DAY, eventsPerDayOf } from '../collector/src/demo/workspaces.ts';
import { backtest } from '../collector/src/forecast/backtest.ts';
import { demoCalls } from '../collector/src/forecast/demo-usage.ts';
import { forecastDaily } from '../collector/src/forecast/forecast.ts';
import { quantile } from './environment.ts';

const DAY_MS = 86_400_000;
const SERIES = new URL('../tests/fixtures/series/', import.meta.url);

const series: { name: string; values: number[] }[] = readdirSync(SERIES)
  .filter((name) => name.endsWith('.csv'))
  .map((name) => ({
    name: name.replace(/\.csv$/, ''),
    values: readFileSync(new URL(name, SERIES), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[1])),
  }));
const nowMs = Date.UTC(2026, 10, 24);
for (const workspace of DEMO_WORKSPACES) {
  const days = 180;
  const startDay = nowMs / DAY_MS - days;
  const cost = new Array<number>(days).fill(0);
  const requests = new Array<number>(days).fill(0);
  for (const call of demoCalls({
    workspace, seed: 1, nowMs, days, eventsPerDay: eventsPerDayOf(workspace, DEFAULT_EVENTS_PER_DAY),
  })) {
    const day = Math.floor(call.timestampMs / DAY_MS) - startDay;
    cost[day] = (cost[day] ?? 0) + call.costUsd;
    requests[day] = (requests[day] ?? 0) + 1;
  } // prettier-ignore
  series.push({ name: `demo ${workspace.name}, cost`, values: cost });
  series.push({ name: `demo ${workspace.name}, requests`, values: requests });
}

const percent = (part: number | undefined): string => `${Math.round(100 * (part ?? NaN))} %`;
console.log(
  '| series | days | forecasts | MASE | days against naive | sums against naive | 80 % covers days, sums | 95 % covers days, sums | method at the end |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
const all = { days80: 0, sums80: 0, days95: 0, sums95: 0, relative: 0, sumRelative: 0 };
for (const { name, values } of series) {
  const result = backtest(values, {
    horizonDays: 28,
    levels: [0.8, 0.95],
    leastHistoryDays: 56,
    maxOrigins: 40,
  });
  if (!result) continue;
  const [low, high] = result.coverage;
  const { method } = forecastDaily(values, 1);
  all.days80 += low?.days ?? 0;
  all.sums80 += low?.sums ?? 0;
  all.days95 += high?.days ?? 0;
  all.sums95 += high?.sums ?? 0;
  all.relative += Math.log(result.relativeToNaive ?? 1);
  all.sumRelative += Math.log(result.sumRelativeToNaive ?? 1);
  console.log(
    `| ${name} | ${values.length} | ${result.origins} | ${result.mase?.toFixed(2)} | ${result.relativeToNaive?.toFixed(2)} | ${result.sumRelativeToNaive?.toFixed(2)} | ${percent(low?.days)}, ${percent(low?.sums)} | ${percent(high?.days)}, ${percent(high?.sums)} | ${method} |`,
  );
}
const count = series.length;
console.log(
  `| all (means) | | | | ${Math.exp(all.relative / count).toFixed(2)} | ${Math.exp(all.sumRelative / count).toFixed(2)} | ${percent(all.days80 / count)}, ${percent(all.sums80 / count)} | ${percent(all.days95 / count)}, ${percent(all.sums95 / count)} | |`,
);

const long = series.find(({ values }) => values.length >= 400)?.values.slice(-400) ?? [];
for (const [days, horizon] of [
  [84, 31],
  [400, 31],
  [400, 400],
] as const) {
  const history = long.slice(-days);
  for (let run = 0; run < 20; run++) forecastDaily(history, horizon);
  const times = Array.from({ length: 50 }, () => {
    const start = performance.now();
    forecastDaily(history, horizon).sum(horizon);
    return performance.now() - start;
  });
  console.log(
    `${days} days of history, ${horizon} days ahead: ${quantile(times, 0.5).toFixed(1)} ms p50, ${quantile(times, 0.95).toFixed(1)} ms p95`,
  );
}
