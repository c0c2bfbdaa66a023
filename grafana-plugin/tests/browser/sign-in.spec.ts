import { expect, seriousBarriers, settled, test } from './fixtures.ts';

test('a key signs in, the key stays nowhere in the browser, and signing out ends it', async ({
  page,
  pages,
}) => {
  const { url, apiKey } = pages.collector;
  await page.goto(`${url}/analytics`);
  await expect(page.getByRole('heading', { name: 'PromptOps Analytics' })).toBeVisible();
  expect(await seriousBarriers(page)).toEqual([]);

  await page.locator('#api-key').fill('po_wrong000_0000000000000000000000000000000000000000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText(/unknown, revoked or expired/)).toBeVisible();

  await page.locator('#api-key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await settled(page);
  await expect(page).toHaveURL(/\/analytics\/overview/);
  const kept = await page.evaluate(() =>
    JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]),
  );
  expect(kept).not.toContain(apiKey.slice(12));

  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.locator('#api-key')).toBeVisible();
  await page.goto(`${url}/analytics/overview`);
  await expect(page.locator('#api-key')).toBeVisible();
});

test('a link to a page leads there after signing in, and the back button works', async ({ page, pages }) => {
  const { url, apiKey } = pages.collector;
  await page.goto(`${url}/analytics/overview?from=now-6d%2Fd&to=now`);
  await page.locator('#api-key').fill(apiKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await settled(page);
  await expect(page.getByText('Last 7 days')).toBeVisible();
  await page.getByText('Last 7 days').click();
  await page.getByText('Last 30 days').click();
  await expect(page).toHaveURL(/from=now-29d/);
  await page.goBack();
  await expect(page).toHaveURL(/from=now-6d/);
});
