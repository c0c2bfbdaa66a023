import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface DemoCollector {
  url: string;
  /** May change everything. */
  apiKey: string;
  /** May only look. */
  readKey: string;
}

/** Starts a collector with demo data (tests/serve-demo.ts) in a process of its own, and waits until the data is there. */
export async function startDemoCollector(): Promise<{ collector: DemoCollector; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../tests/serve-demo.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The demo collector ended with ${String(code)} before it was ready.`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return {
    collector: JSON.parse(line) as DemoCollector,
    stop: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
