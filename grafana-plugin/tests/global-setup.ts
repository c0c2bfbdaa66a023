import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import chromium from '@sparticuz/chromium';

/** Starts the collector with demo data once for all browser tests, and unpacks the browser that an npm package
 * carries (Linux on x86-64; elsewhere CHROMIUM_PATH names one). They are found by DEMO_COLLECTOR and CHROMIUM_PATH. Returns what ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  // Unpacked once here: two workers at it would meet a file that is still being written.
  process.env['CHROMIUM_PATH'] ??= await chromium.executablePath();
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../tests/serve-demo.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The demo collector ended with ${String(code)} before it was ready.`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  process.env['DEMO_COLLECTOR'] = line;
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}
