import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESKTOP, expect, PHONE, seriousBarriers, test } from './fixtures.ts';

const { includes } = JSON.parse(readFileSync(join(import.meta.dirname, '../../src/plugin.json'), 'utf8')) as {
  includes: { path: string }[];
};
const PAGES = includes.flatMap(({ path }) => (path.startsWith('/a/') ? [path.split('/').at(-1) ?? ''] : []));

for (const path of PAGES) {
  for (const [name, viewport, colorScheme] of [
    ['a desktop, dark', DESKTOP, 'dark'],
    ['a phone, light', PHONE, 'light'],
  ] as const) {
    test.describe(name, () => {
      test.use({ viewport, colorScheme });

      test(`${path} on ${name}: no error in the console, no serious barrier, nothing to scroll sideways`, async ({
        pages,
      }) => {
        const page = await pages.open(path);
        expect(pages.complaints).toEqual([]);
        expect(await seriousBarriers(page)).toEqual([]);
        const { scrollWidth, clientWidth } = await page.evaluate(() => ({
          scrollWidth: document.documentElement.scrollWidth,
          clientWidth: document.documentElement.clientWidth,
        }));
        expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
      });
    });
  }
}
