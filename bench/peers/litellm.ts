/**
 * LiteLLM, as far as it runs without the engine of Prisma, which its database needs and which is downloaded from Prisma's own site:
 * `LITELLM_COMMAND=…/bin/litellm node bench/peers/litellm.ts [--seconds 60] [--connections 64] [--workers 1]`. First its spend log up to where the engine would take
 * over (`litellm_spend_log.py`), then its proxy answering calls itself (`mock_response`): LiteLLM learns of a call by passing it on, one a request, so its
 * proxy's rate bounds what its spend log can get. Nothing is stored in either.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../../collector/src/database/embedded-postgres.ts';
import { generateHistory } from '../../collector/src/demo/history.ts';
import { DEMO_WORKSPACES } from '../../collector/src/demo/workspaces.ts';
import { measurePeer } from './measure-peer.ts';
import { readPeerOptions } from './peer-options.ts';
import { startPeer } from './peer-process.ts';

const options = readPeerOptions('LiteLLM: its spend log up to the database client, and its proxy.', {
  commandVariable: 'LITELLM_COMMAND',
  own: { workers: '1' },
});
const [workspace] = DEMO_WORKSPACES;
if (!workspace) throw new Error('The demo has no workspace.');
const calls = [...generateHistory({ seed: 5, nowMs: Date.now(), days: 3, eventsPerDay: 4_000, workspace })];
await measureSpendLog();

const directory = await mkdtemp(join(tmpdir(), 'litellm-bench-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
// It refuses to start without one.
const masterKey = `sk-${randomBytes(32).toString('hex')}`;
const model = {
  model_name: 'bench',
  litellm_params: { model: 'openai/gpt-4o', api_key: 'none', mock_response: 'Hello.' },
};
// YAML has all of JSON in it.
await writeFile(join(directory, 'config.yaml'), JSON.stringify({ model_list: [model] }));
const proxy = await startPeer({
  command: options.command,
  args: [
    ...['--config', join(directory, 'config.yaml'), '--host', '127.0.0.1', '--port', String(port)],
    ...['--num_workers', options.own['workers'] ?? '1'],
  ],
  cwd: directory,
  env: {
    LITELLM_MASTER_KEY: masterKey,
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    LITELLM_MODE: 'PRODUCTION',
    LITELLM_LOG: 'ERROR',
  },
  readyUrl: `${url}/health/liveliness`,
  verbose: options.verbose,
});
try {
  const body = Buffer.from(
    JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: 'Hello?' }] }),
  );
  await measurePeer(
    `LiteLLM proxy without a database, ${options.own['workers'] ?? ''} workers, one call a request, ${options.connections} connections`,
    {
      url: `${url}/v1/chat/completions`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${masterKey}` },
      take: () => ({ body, events: 1 }),
      process: proxy,
    },
    options,
  );
} finally {
  await proxy.stop();
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);

async function measureSpendLog(): Promise<void> {
  const python = spawn(
    join(dirname(options.command), 'python'),
    [join(import.meta.dirname, 'litellm_spend_log.py'), '--seconds', String(options.seconds)],
    {
      stdio: ['pipe', 'inherit', options.verbose ? 'inherit' : 'ignore'],
      env: { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR' },
    },
  );
  python.stdin.end(calls.map((call) => JSON.stringify(call)).join('\n'));
  const code = await new Promise((done, fail) => {
    python.once('close', done);
    python.once('error', fail);
  });
  if (code !== 0) throw new Error('litellm_spend_log.py failed; --verbose shows why.');
}
