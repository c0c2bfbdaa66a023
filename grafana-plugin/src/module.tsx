import './grafana/public-path.ts';
import { AppPlugin } from '@grafana/data';
import { lazy, Suspense } from 'react';
import { panelLink } from './grafana/panel-link.ts';
import type { Settings } from './grafana/settings.ts';

// Grafana loads this file on many pages: everything else comes when it is needed.
const GrafanaApp = lazy(() => import('./grafana/GrafanaApp.tsx'));
const Configuration = lazy(() => import('./grafana/Configuration.tsx'));

export const plugin = new AppPlugin<Settings>()
  .setRootPage((props) => (
    <Suspense fallback={null}>
      <GrafanaApp {...props} />
    </Suspense>
  ))
  .addLink(panelLink)
  .addConfigPage({
    title: 'Configuration',
    icon: 'cog',
    id: 'configuration',
    body: (props) => (
      <Suspense fallback={null}>
        <Configuration {...props} />
      </Suspense>
    ),
  });
