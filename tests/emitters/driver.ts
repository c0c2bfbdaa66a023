import { spawn } from 'node:child_process';
import type { Installation } from './installation.ts';

const TIMEOUT_MS = 180_000;

/** Runs the driver of an emitter to its end; what it said when it did not end well. */
export async function runDriver(
  { command, args, cwd }: Installation,
  environment: Readonly<Record<string, string>>,
  isVerbose: boolean,
): Promise<string | undefined> {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PYTHONPATH: cwd,
      PYTHONDONTWRITEBYTECODE: '1',
      ...environment,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (isVerbose && output !== '') console.log(output);
  if (code !== 0)
    return `the driver ended with ${String(code)}:\n${output.trim().split('\n').slice(-12).join('\n')}`;
  return undefined;
}
