import { AxeBuilder } from '@axe-core/playwright';
import { expect, test as base, type Page } from '@playwright/test';
import type { DemoCollector } from '../demo-collector.ts';

export interface Pages {
  collector: DemoCollector;
  /** Opens a page at /analytics, signed in, and waits until nothing is loading any more. */
  open(path: string): Promise<Page>;
  /** What the browser's console called an error, and requests that failed. */
  complaints: string[];
}

export const PHONE = { width: 360, height: 780 };
export const DESKTOP = { width: 1440, height: 900 };

export const test = base.extend<{ pages: Pages }>({
  pages: async ({ context, page }, use) => {
    const collector = JSON.parse(process.env['DEMO_COLLECTOR'] ?? '{}') as DemoCollector;
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await use({
      collector,
      complaints,
      open: async (path) => {
        await signIn(page, collector.url, collector.apiKey);
        await page.goto(`${collector.url}/analytics/${path}`);
        await settled(page);
        return page;
      },
    });
    await context.clearCookies();
  },
});

export { expect };

export async function signIn(page: Page, url: string, apiKey: string): Promise<void> {
  const answer = await page.context().request.post(`${url}/v1/session`, { data: { api_key: apiKey } });
  expect(answer.status()).toBe(201);
}

/** Waits until every panel has its answer. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('progressbar', { name: 'Loading' })).toHaveCount(0);
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/** What axe finds that is serious or worse, in words. */
export async function seriousBarriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // Grafana's time picker shows the zone beside the range and leaves it out of the button's name.
    .exclude('[data-testid="data-testid TimePicker Open Button"]')
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
}
