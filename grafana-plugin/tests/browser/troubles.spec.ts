import { expect, test } from './fixtures.ts';

test('one question that fails leaves the other panels alive, and trying again mends it', async ({
  page,
  pages,
}) => {
  let isBroken = true;
  await page.route('**/v1/analytics/usage/breakdown?**dimension=prompt_id**', (route) =>
    isBroken
      ? route.fulfill({
          status: 422,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            type: 'urn:promptops:problem:range-too-long',
            detail: 'The period is too long.',
          }),
        })
      : route.continue(),
  );
  await pages.open('overview');
  const panel = page.getByRole('region', { name: 'Dearest prompts' });
  await expect(panel.getByText('The period is too long.')).toBeVisible();
  await expect(
    page.getByRole('region', { name: 'Dearest models' }).getByRole('listitem').first(),
  ).toBeVisible();
  isBroken = false;
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(panel.getByRole('listitem').first()).toBeVisible();
});

test('while a slow collector is awaited, places are held and nothing jumps to zero', async ({
  page,
  pages,
}) => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((done) => (release = done));
  await page.route('**/v1/analytics/**', async (route) => {
    await held;
    await route.continue();
  });
  const opening = pages.open('overview');
  await expect(page.getByRole('progressbar', { name: 'Loading' }).first()).toBeVisible();
  await expect(page.getByText('$0.00')).toHaveCount(0);
  release();
  await opening;
  await expect(page.getByText('Cost', { exact: true }).first()).toBeVisible();
});

test('a session that ends in the middle asks to sign in again', async ({ page, context, pages }) => {
  await pages.open('overview');
  await context.clearCookies();
  await page.getByRole('button', { name: 'Refresh', exact: true }).click();
  await expect(page.getByText('The session has ended.')).toBeVisible();
});
