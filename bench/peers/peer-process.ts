import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';

export interface PeerProcess {
  /** Proportional set size of the server and everything it started, so that shared pages count once; MB. */
  memoryMegabytes(): Promise<number>;
  /** SIGTERM, and SIGKILL for whatever is left after ten seconds. */
  stop(): Promise<void>;
}

export interface PeerCommand {
  command: string;
  args: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Answers 2xx once the server takes requests. */
  readyUrl: string;
  readyTimeoutMs?: number;
  /** Shows what the server prints; otherwise only its last lines when it dies. */
  verbose?: boolean;
}

/** Starts a server and waits until it answers. */
export async function startPeer(peer: PeerCommand): Promise<PeerProcess> {
  const child = spawn(peer.command, peer.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...peer.env },
    ...(peer.cwd === undefined ? {} : { cwd: peer.cwd }),
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      tail = (tail + chunk).slice(-4_000);
      if (peer.verbose) process.stderr.write(chunk);
    });
  const ended = new Promise<void>((done) => {
    child.once('close', () => done());
    child.once('error', (error) => {
      tail += error.message;
      done();
    });
  });
  const deadline = performance.now() + (peer.readyTimeoutMs ?? 120_000);
  const hasEnded = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  while (
    !(await fetch(peer.readyUrl).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    // prettier-ignore
    if (hasEnded() || performance.now() > deadline) {
      await stopTree(child, ended);
      throw new Error(`${peer.command} did not answer ${peer.readyUrl}. Its last lines:\n${tail}`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  return {
    memoryMegabytes: async () => {
      const sizes = await Promise.all((await tree(child.pid ?? 0)).map(proportionalKilobytes));
      return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024);
    },
    stop: () => stopTree(child, ended),
  };
}

async function stopTree(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  const pids = await tree(child.pid);
  child.kill('SIGTERM');
  await Promise.race([ended, new Promise((done) => setTimeout(done, 10_000).unref())]);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  await ended;
}

/** The process and its descendants. */
async function tree(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    // The second field, the name, is in brackets and may hold anything.
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

async function proportionalKilobytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
}
