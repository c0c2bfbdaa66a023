import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@grafana/plugin-e2e';

const ID = 'promptops-analytics-app';
const { includes } = JSON.parse(readFileSync(join(import.meta.dirname, '../../src/plugin.json'), 'utf8')) as {
  includes: { name: string; path: string }[];
};
const PAGES = includes
  .filter(({ path }) => path.startsWith('/a/'))
  .map(({ name, path }) => ({ name, path: path.split('/').at(-1) ?? '' }));

test('every page of the plugin opens in Grafana without an error in the console', async ({
  gotoAppPage,
  page,
}) => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  for (const { name, path } of PAGES) {
    await gotoAppPage({ pluginId: ID, path });
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await expect(page.getByRole('progressbar', { name: 'Loading' })).toHaveCount(0);
  }
  expect(complaints).toEqual([]);
});

test('which prompt got dearer since last week, and why, by clicks in Grafana', async ({
  gotoAppPage,
  page,
}) => {
  await gotoAppPage({ pluginId: ID, path: 'prompts' });
  await page
    .getByRole('region', { name: /dearer/i })
    .getByRole('link')
    .first()
    .click();
  await expect(page).toHaveURL(/\/a\/promptops-analytics-app\/prompts\?.*prompt=/);
  await expect(
    page.getByRole('region', { name: /what changed, and why/i }).getByText('Number of calls'),
  ).toBeVisible();
});

test('the configuration page has the address and hides the key', async ({ gotoAppConfigPage, page }) => {
  await gotoAppConfigPage({ pluginId: ID });
  await expect(page.getByLabel(/Address/)).toHaveValue(/^http/);
  await expect(
    page.getByPlaceholder('configured').or(page.locator('input[value="configured"]')),
  ).toBeVisible();
  await page.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.getByText('Saved. The collector answers.')).toBeVisible();
});
