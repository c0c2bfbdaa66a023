import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PluginExtensionPanelContext } from '@grafana/data';
import { expect, test } from '@jest/globals';
import { panelLink } from './panel-link.ts';

const context = (tags: string[]) =>
  ({
    dashboard: { uid: 'd', title: 'D', tags },
    timeRange: { from: 'now-6h', to: 'now' },
  }) as unknown as PluginExtensionPanelContext;

test('panels of dashboards of this product lead to the same time range, others are left alone', () => {
  const configure = panelLink.configure as (
    context: PluginExtensionPanelContext,
  ) => { path?: string } | undefined;
  expect(configure(context(['promptops']))?.path).toBe(
    '/a/promptops-analytics-app/explore?from=now-6h&to=now',
  );
  expect(configure(context(['other']))).toBeUndefined();
});

test('plugin.json announces the link, else Grafana does not load it', async () => {
  const { extensions } = JSON.parse(await readFile(join(import.meta.dirname, '../plugin.json'), 'utf8')) as {
    extensions: { addedLinks: object[] };
  };
  const { targets, title, description } = panelLink;
  expect(extensions.addedLinks).toEqual([{ targets, title, description }]);
});
