import { defineConfig } from '@playwright/test';

const grafanaUrl = process.env['GRAFANA_URL'];

/** Browser tests: the pages at /analytics on a real collector with demo data, and with GRAFANA_URL the plugin in a real Grafana. */
export default defineConfig({
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
  use: { locale: 'en-US', timezoneId: 'Europe/Berlin', trace: 'retain-on-failure' },
  projects: [
    { name: 'browser', testDir: './tests/browser' },
    ...(grafanaUrl === undefined ? [] : [{ name: 'grafana', testDir: './tests/grafana' }]),
  ],
});
