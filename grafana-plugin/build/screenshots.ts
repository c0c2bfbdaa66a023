/**
 * Takes the pictures of every page for `docs/images`, from a collector with demo data: `node grafana-plugin/build/screenshots.ts`.
 * CHROMIUM_PATH names the browser; without it the one of the npm package is used.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { CHROMIUM_ARGS, chromiumPath } from '../tests/chromium.ts';
import { startDemoCollector } from '../tests/demo-collector.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/images');
const LOOKS = [
  { suffix: '', viewport: { width: 1440, height: 1000 }, colorScheme: 'dark' },
  { suffix: '-light', viewport: { width: 1440, height: 1000 }, colorScheme: 'light', only: ['overview'] },
  {
    suffix: '-phone',
    viewport: { width: 390, height: 844 },
    colorScheme: 'light',
    only: ['overview', 'summary'],
  },
] as const;

const { collector, stop } = await startDemoCollector();
const { url, apiKey } = collector;
const { includes } = JSON.parse(await readFile(join(root, 'grafana-plugin/src/plugin.json'), 'utf8')) as {
  includes: { path: string }[];
};
const paths = includes.flatMap(({ path }) => (path.startsWith('/a/') ? [path.split('/').at(-1) ?? ''] : []));

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: await chromiumPath(), args: CHROMIUM_ARGS });
for (const { suffix, viewport, colorScheme, ...look } of LOOKS) {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
  });
  await context.request.post(`${url}/v1/session`, { data: { api_key: apiKey } });
  for (const path of 'only' in look ? look.only : paths) {
    const page = await context.newPage();
    await page.goto(`${url}/analytics/${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `${path}${suffix}.png`) });
    await page.close();
  }
  await context.close();
}
await browser.close();
await stop();
