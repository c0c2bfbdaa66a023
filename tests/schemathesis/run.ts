/**
 * `npm run test:schemathesis -- [options of schemathesis run]`: starts a collector on a database of its own and lets schemathesis (https://schemathesis.io)
 * try whether it does what its description at /docs/json says, with valid and invalid requests. Skipped, and said so, where schemathesis is not installed
 * (`pip install schemathesis`; SCHEMATHESIS names the program where it is not in PATH). What is left out stands in schemathesis.toml, with the reasons.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startCollector, temporaryFolder } from '../collector-process.ts';

const HERE = import.meta.dirname;
const program = process.env['SCHEMATHESIS'] ?? 'schemathesis';
/** Cases of the fuzzing phase for each operation. */
const MAX_EXAMPLES = '50';

const version = spawnSync(program, ['--version'], { encoding: 'utf8' });
if (version.error || version.status !== 0) {
  console.log(
    `skipped: there is no "${program}" (pip install schemathesis, or name the program in SCHEMATHESIS).`,
  );
  process.exit(0);
}
console.log(version.stdout.trim());

const folder = await temporaryFolder();
// Its id is none that an example names: an example revokes the key that it is about.
const apiKey = `po_Sch3m4th_${'0'.repeat(43)}`;
const collector = await startCollector({ dataDir: folder.path, apiKey, env: { LOG_LEVEL: 'warn' } });
let exitCode: number;
try {
  exitCode = await tryAll();
} finally {
  await collector.end();
  await folder.remove();
}
if (exitCode !== 0) console.log(collector.output());
process.exit(exitCode);

function tryAll(): Promise<number> {
  const given = process.argv.slice(2);
  const child = spawn(
    program,
    [
      ...['--config-file', join(HERE, 'schemathesis.toml'), 'run', `${collector.url}/docs/json`],
      ...['--header', `Authorization: Bearer ${apiKey}`, '--checks', 'all', '--continue-on-failure'],
      ...(given.some((one) => /^(?:-n|--max-examples)/.test(one)) ? [] : ['--max-examples', MAX_EXAMPLES]),
      ...given,
    ],
    {
      stdio: 'inherit',
      // Hypothesis keeps what it found beside where it runs.
      cwd: folder.path,
      env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: '1' },
    },
  );
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? 1));
  });
}
