import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig } from '@playwright/test';
import { CHROMIUM_ARGS } from './tests/chromium.ts';

const grafanaUrl = process.env['GRAFANA_URL'];

/** Signs in to Grafana once, with admin and admin. */
const pluginE2eAuth = join(dirname(createRequire(import.meta.url).resolve('@grafana/plugin-e2e')), 'auth');
/** Browser tests: the pages at /analytics on a real collector with demo data, and with GRAFANA_URL the plugin in a real Grafana. */
export default defineConfig<PluginOptions>({
  testDir: './tests',
  outputDir: '../test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  reporter: [
    ['list'],
    ['json', { outputFile: process.env['PLAYWRIGHT_JSON'] ?? '../test-results/report.json' }],
  ],
  globalSetup: './tests/global-setup.ts',
  use: {
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
    trace: 'retain-on-failure',
    // The set-up says which browser; the workers, which read this again, have it from there.
    launchOptions: { executablePath: process.env['CHROMIUM_PATH'], args: CHROMIUM_ARGS },
  },
  projects: [
    { name: 'browser', testDir: './tests/browser' },
    ...(grafanaUrl === undefined
      ? []
      : [
          {
            name: 'grafana sign-in',
            testDir: pluginE2eAuth,
            testMatch: [/.*\.js/],
            use: { baseURL: grafanaUrl },
          },
          {
            name: 'grafana',
            testDir: './tests/grafana',
            dependencies: ['grafana sign-in'],
            use: { baseURL: grafanaUrl, storageState: 'playwright/.auth/admin.json' },
          },
        ]),
  ],
});
