import { expect, test } from '@grafana/plugin-e2e';
import { chromium } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ID = 'promptops-analytics-app';
const GRAFANA = process.env['GRAFANA_URL'] ?? '';

test('every page of the plugin opens in Grafana without an error in the console', async () => {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'],
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Europe/Berlin' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  const user = process.env['GRAFANA_USER'] ?? 'admin';
  const password = process.env['GRAFANA_PASSWORD'] ?? 'admin';
  await context.request.post(`${GRAFANA}/login`, { data: { user, password } });
  const { includes } = JSON.parse(
    await readFile(join(import.meta.dirname, '../../src/plugin.json'), 'utf8'),
  ) as {
    includes: { name: string; path: string }[];
  };
  for (const { name, path } of includes.filter((include) => include.path.startsWith('/a/'))) {
    await page.goto(GRAFANA + path.replace('%PLUGIN_ID%', ID));
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(page.getByRole('progressbar', { name: 'Loading' })).toHaveCount(0);
  }
  expect(complaints).toEqual([]);
  await browser.close();
});
