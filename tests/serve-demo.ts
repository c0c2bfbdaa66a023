/**
 * A collector with some weeks of demo data for the browser tests. Prints one line of JSON when it is ready, and ends with its input.
 * Data and port are its own, so that it disturbs nothing and nothing disturbs it.
 */
import { runDemo } from '../collector/src/demo/demo.ts';
import { startCollector, temporaryFolder } from './collector-process.ts';

const DAYS = 40;
const EVENTS_PER_DAY = 300;

const folder = await temporaryFolder();
const collector = await startCollector({ dataDir: folder.path, env: { LOG_LEVEL: 'warn' } });
const quiet = { write: () => true } as unknown as NodeJS.WritableStream;
await runDemo({
  baseUrl: collector.url,
  workspaces: [{ name: 'maple-shop', apiKey: collector.apiKey }],
  days: DAYS,
  eventsPerDay: EVENTS_PER_DAY,
  seed: '1',
  live: false,
  output: quiet,
});
const post = (path: string, body: object): Promise<Response> =>
  fetch(collector.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${collector.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
await post('/v1/analytics/budgets', {
  name: 'All of maple-shop',
  amount: '8',
  period: { type: 'month', time_zone: 'Europe/Berlin' },
  thresholds: [{ percent: 80 }, { percent: 100, kind: 'forecast' }],
});
const answer = await post('/v1/admin/api-keys', { name: 'looks only', scopes: ['read'] });
const { api_key: readKey } = (await answer.json()) as { api_key: string };
process.stdout.write(`${JSON.stringify({ url: collector.url, apiKey: collector.apiKey, readKey })}\n`);

process.stdin.resume();
process.stdin.once('end', () => {
  void collector
    .end()
    .then(() => folder.remove())
    .then(() => process.exit(0));
});
