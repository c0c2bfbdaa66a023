/**
 * The pages at /analytics: size of the first load, size of the plugin's module.js, and how long a person waits for the overview of 90 days, from
 * opening the address to key figures and charts being on the screen. Headless Chromium, collector and database on the same machine.
 *
 *   node bench/pages.ts [--runs 10] [--events-per-day 1650]
 */
import { readFile, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { runDemo } from '../collector/src/demo/demo.ts';
import { CHROMIUM_ARGS, chromiumPath } from '../grafana-plugin/tests/chromium.ts';
import { buildPlugin } from '../grafana-plugin/build/plugin.ts';
import { buildStandalone } from '../grafana-plugin/build/standalone.ts';
import { startCollector, temporaryFolder } from '../tests/collector-process.ts';
import { quantile } from './environment.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10' }, 'events-per-day': { type: 'string', default: '1650' } },
});
const runs = Number(values.runs);

const { firstLoadGzipBytes } = await buildStandalone();
await buildPlugin();
const module = await stat(join(import.meta.dirname, '../grafana-plugin/dist/module.js'));
const plugin = JSON.parse(
  await readFile(join(import.meta.dirname, '../grafana-plugin/dist/plugin.json'), 'utf8'),
) as { id: string };

const folder = await temporaryFolder();
const collector = await startCollector({ dataDir: folder.path, env: { LOG_LEVEL: 'warn' } });
try {
  await runDemo({
    baseUrl: collector.url,
    workspaces: [{ name: 'maple-shop', apiKey: collector.apiKey }],
    eventsPerDay: Number(values['events-per-day']),
    live: false,
    output: { write: () => true } as unknown as NodeJS.WritableStream,
  });
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args: CHROMIUM_ARGS });
  const address = `${collector.url}/analytics/overview?from=now-89d%2Fd&to=now`;
  const cold: number[] = [];
  const warm: number[] = [];
  const firstPaint: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // A context of its own has an empty cache; the second opening in it has the files.
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    await context.request.post(`${collector.url}/v1/session`, { data: { api_key: collector.apiKey } });
    for (const times of [cold, warm]) {
      const page = await context.newPage();
      const begin = performance.now();
      await page.goto(address, { waitUntil: 'commit' });
      await page.getByRole('definition').first().waitFor();
      await page.locator('canvas').nth(1).waitFor();
      await page.locator('[role="progressbar"]').first().waitFor({ state: 'detached' });
      times.push(performance.now() - begin);
      if (times === cold) {
        firstPaint.push(
          await page.evaluate<number>(
            'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN',
          ),
        );
      }
      await page.close();
    }
    await context.close();
  }
  await browser.close();
  const line = (name: string, times: number[]): string =>
    `${name}: median ${quantile(times, 0.5).toFixed(0)} ms, slowest ${Math.max(...times).toFixed(0)} ms of ${times.length}`;
  console.log(
    `Node ${process.versions.node}, ${cpus().length} cores; browser, collector and database on one machine`,
  );
  console.log(
    `first load: ${(firstLoadGzipBytes / 1000).toFixed(0)} kB gzip; ${plugin.id}/module.js: ${(module.size / 1000).toFixed(1)} kB`,
  );
  console.log(line('first contentful paint, empty cache', firstPaint));
  console.log(line('overview of 90 days drawn, empty cache', cold));
  console.log(line('overview of 90 days drawn, files in the cache', warm));
} finally {
  await collector.end();
  await folder.remove();
}
