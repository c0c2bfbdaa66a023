import { expect, settled, test } from './fixtures.ts';

/** The questions that the pages are for, answered by clicks alone from the overview. */

test('what did we spend this month, and will we exceed the budget', async ({ page, pages }) => {
  await pages.open('overview');
  await page.getByRole('link', { name: 'Cost & budgets' }).click();
  await settled(page);
  const month = page.getByRole('region', { name: 'This month' });
  await expect(month.getByText('Spent so far').locator('xpath=../dd').first()).toHaveText(/^\$\d/);
  await expect(month.getByText('Expected at the end of the month').locator('xpath=../dd').first()).toHaveText(
    /^\$\d/,
  );
  await expect(month.getByText(/Will last|Will not last|Exceeded/).first()).toBeVisible();
});

test('which prompt got dearer since last week, and why', async ({ page, pages }) => {
  await pages.open('overview');
  await page.getByRole('link', { name: 'Prompts', exact: true }).click();
  await settled(page);
  await page
    .getByRole('region', { name: /dearer/i })
    .getByRole('link')
    .first()
    .click();
  await settled(page);
  await expect(page).toHaveURL(/prompt=/);
  const why = page.getByRole('region', { name: /what changed, and why/i });
  await expect(why.getByText('Number of calls')).toBeVisible();
  await expect(why.getByText(/Change of cost/)).toBeVisible();
});

test('is a model slower today, and who uses it', async ({ page, pages }) => {
  await pages.open('overview');
  await page.getByRole('link', { name: 'Models & providers' }).click();
  await settled(page);
  await page
    .getByRole('region', { name: 'Models' })
    .getByRole('link', { name: 'gpt-4o-mini', exact: true })
    .first()
    .click();
  await settled(page);
  await expect(
    page
      .getByRole('region', { name: 'Is it slower today?' })
      .getByText(/as usual|slower|faster|too few/i)
      .first(),
  ).toBeVisible();
  const users = page.getByRole('region', { name: 'Who uses it' });
  await expect(users.getByRole('link', { name: /^u-\d+/ }).first()).toBeVisible();
});

test('what one call cost, by which price', async ({ page, pages }) => {
  await pages.open('events');
  await page.getByRole('region', { name: 'Events' }).getByRole('link').first().click();
  await page
    .getByRole('link', { name: /cost/i })
    .filter({ hasText: /explain|how|cost/i })
    .last()
    .click();
  await settled(page);
  await expect(page).toHaveURL(/costs\?.*event=/);
  await expect(page.getByText(/1M tokens|answered from|no price/i).first()).toBeVisible();
});

test('a filter that is clicked goes along to other pages, and is in the address', async ({ page, pages }) => {
  await pages.open('overview');
  await page.getByRole('region', { name: 'Dearest projects' }).getByRole('link').first().click();
  await settled(page);
  await expect(page).toHaveURL(/project_id=/);
  await expect(page.getByRole('group', { name: 'Filters' }).getByText(/Project is/)).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/overview/);
});

test('whoever may only look sees no way to change a budget that would work', async ({ page, pages }) => {
  const { url, readKey } = pages.collector;
  await page.context().request.post(`${url}/v1/session`, { data: { api_key: readKey } });
  await page.goto(`${url}/analytics/costs?tab=budgets`);
  await settled(page);
  await expect(page.getByText('All of maple-shop').first()).toBeVisible();
  const make = page.getByRole('button', { name: /new budget|add a budget|create/i });
  if ((await make.count()) > 0) await expect(make.first()).toBeDisabled();
});
