import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PAGES } from './pages.ts';

test("Grafana's navigation has the pages that the app has, in the same order", async () => {
  const text = await readFile(join(import.meta.dirname, '../plugin.json'), 'utf8');
  const { includes, id } = JSON.parse(text) as {
    id: string;
    includes: { name: string; path: string; role: string }[];
  };
  expect(id).toMatch(/^promptops-analytics-app$/);
  expect(includes.filter(({ path }) => path.startsWith('/a/')).map(({ name, path }) => [path, name])).toEqual(
    PAGES.map(({ path, title }) => [`/a/%PLUGIN_ID%/${path}`, title]),
  );
});

test('whoever may look in Grafana sees every page, and only administrators the configuration', async () => {
  const text = await readFile(join(import.meta.dirname, '../plugin.json'), 'utf8');
  const { includes } = JSON.parse(text) as { includes: { path: string; role: string }[] };
  for (const { path, role } of includes)
    expect([path, role]).toEqual([path, path.startsWith('/a/') ? 'Viewer' : 'Admin']);
});
