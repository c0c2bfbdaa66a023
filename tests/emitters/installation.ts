import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emitter } from './emitters.ts';

/** Where installed emitters are kept between runs. */
export const CACHE = process.env['EMITTERS_CACHE'] ?? join(tmpdir(), 'promptops-emitters');

export interface Installation {
  /** The program and its first arguments that run the driver. */
  command: string;
  args: string[];
  cwd: string;
  /** Installed version of the first package. */
  version: string;
}

/**
 * Installs an emitter into a folder of its own outside the source tree, or takes the one of an earlier run.
 * @throws InstallationFailed with what pip or npm said
 */
export async function install(emitter: Emitter): Promise<Installation> {
  const key = createHash('sha256')
    .update(JSON.stringify([emitter.packages, emitter.constraints]))
    .digest('hex')
    .slice(0, 12);
  const folder = join(CACHE, `${emitter.name}-${key}`);
  const [language] = emitter.driver.split('/') as ['python' | 'node'];
  if (!(await isThere(folder))) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await (language === 'python' ? pip : npm)(unfinished, emitter);
    await rename(unfinished, folder);
  }
  return language === 'python' ? pythonInstallation(emitter, folder) : nodeInstallation(emitter, folder);
}

export class InstallationFailed extends Error {}

/** `pip --target` and not a venv: the folder may be moved when it is complete. */
async function pip(folder: string, { packages, constraints }: Emitter): Promise<void> {
  await run(folder, 'python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-warn-script-location',
    '--target', join(folder, 'packages'),
    ...(constraints ? ['--constraint', join(import.meta.dirname, constraints)] : []), ...packages]); // prettier-ignore
}

async function npm(folder: string, { packages }: Emitter): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await run(folder, 'npm', ['install', '--no-fund', '--no-audit', '--loglevel=error', ...packages]);
}

async function pythonInstallation({ driver, packages }: Emitter, folder: string): Promise<Installation> {
  const name = (packages[0] ?? '').replace(/[[<>=].*$/, '');
  const path = join(folder, 'packages');
  const code = `import sys; sys.path.insert(0, ${JSON.stringify(path)}); from importlib.metadata import version; print(version(${JSON.stringify(name)}))`;
  return {
    command: 'python3',
    args: [join(import.meta.dirname, driver)],
    cwd: path,
    version: (await run(folder, 'python3', ['-c', code])).trim(),
  };
}

/** Node looks for packages beside the file that imports them, so the driver is copied there. */
async function nodeInstallation({ driver, packages }: Emitter, folder: string): Promise<Installation> {
  await cp(join(import.meta.dirname, 'node'), folder, { recursive: true });
  const name = (packages[0] ?? '').replace(/(?<=.)@.*$/, '');
  const code = `console.log(JSON.parse(require('fs').readFileSync('node_modules/${name}/package.json')).version)`;
  return {
    command: process.execPath,
    args: [join(folder, driver.replace('node/', ''))],
    cwd: folder,
    version: (await run(folder, process.execPath, ['--input-type=commonjs', '-e', code])).trim(),
  };
}

/** Output of a program that ended well. */
async function run(cwd: string, command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const code = await new Promise<number | null>((done) => {
    child.once('error', ({ message }) => {
      complaint += message;
      done(null);
    });
    child.once('close', done);
  });
  if (code !== 0)
    throw new InstallationFailed(
      reason(complaint) || reason(output) || `${command} ended with ${String(code)}`,
    );
  return output;
}

/** The first error that pip or npm tells of: what follows is advice. */
function reason(text: string): string {
  const lines = text.trim().split('\n');
  return lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? '';
}

const isThere = (path: string): Promise<boolean> => stat(path).then(() => true, () => false); // prettier-ignore
