/** Runs a coding agent as a script would, in a home and a project of its own. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

const TIMEOUT_MS = 60_000;

/** The collector's address in what the guides show. */
const SHOWN_ADDRESS = 'http://127.0.0.1:8080';

/** A file of a guide, with this run's collector in it; what it sends can be recorded as JSON. */
export async function configuration(name) {
  const text = await readFile(join(import.meta.dirname, name), 'utf8');
  const local = text.replaceAll(SHOWN_ADDRESS, process.env['OTEL_EXPORTER_OTLP_ENDPOINT']);
  return process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] === 'http/json'
    ? local.replaceAll('http/protobuf', 'http/json').replaceAll('"binary"', '"json"')
    : local;
}

/**
 * @param {object} agent
 * @param {string} agent.program - name of its executable
 * @param {string} [agent.shell] - lines that a shell is given before it starts
 * @param {Record<string, string>} [agent.home] - files of its home folder
 * @param {Record<string, string>} [agent.env] - what it needs besides
 * @param {{args: string[], fails?: boolean}[]} runs - one after the other
 */
export async function runAgent({ program, shell = '', home = {}, env = {} }, runs) {
  const folder = await mkdtemp(join(tmpdir(), 'agent-'));
  try {
    const project = join(folder, 'project');
    await mkdir(project);
    for (const [name, text] of Object.entries(home)) {
      const path = join(folder, 'home', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    const executable = join(import.meta.dirname, 'node_modules/.bin', program);
    for (const { args, fails = false } of runs) {
      const { code, output } = await finished(
        spawn('sh', ['-c', `${shell}\nexec "$0" "$@"`, executable, ...args], {
          cwd: project,
          stdio: ['ignore', 'pipe', 'pipe'],
          timeout: TIMEOUT_MS,
          env: { ...process.env, HOME: join(folder, 'home'), ...env },
        }),
      );
      process.stdout.write(output);
      if ((code !== 0) !== fails)
        throw new Error(`${program} ${args.join(' ')} ended with ${code}; it should ${fails ? 'have failed' : 'have done well'}.`); // prettier-ignore
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function finished(child) {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output += chunk.toString()));
  const code = await new Promise((done) => child.once('close', done));
  return { code, output };
}
