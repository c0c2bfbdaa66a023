import { chromiumPath } from './chromium.ts';
import { startDemoCollector } from './demo-collector.ts';

/**
 * Starts the collector with demo data once for all browser tests, and unpacks the browser: two workers at it would meet a file that is still being
 * written. They are found by DEMO_COLLECTOR and CHROMIUM_PATH. Returns what ends the collector.
 */
export default async function globalSetup(): Promise<() => Promise<void>> {
  process.env['CHROMIUM_PATH'] = await chromiumPath();
  const { collector, stop } = await startDemoCollector();
  process.env['DEMO_COLLECTOR'] = JSON.stringify(collector);
  return stop;
}
