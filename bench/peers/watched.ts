/**
 * Runs a command and says who had the processors meanwhile: the command and what it started, PostgreSQL, and everybody else. A figure is only worth
 * comparing when everybody else had next to nothing: `node bench/peers/watched.ts node bench/peers/phoenix.ts --seconds 60`. Linux only.
 */
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';

const [command, ...args] = process.argv.slice(2);
if (command === undefined || command === '--help') {
  console.log('node bench/peers/watched.ts COMMAND [ARGUMENT…]');
  process.exit(command === undefined ? 2 : 0);
}
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 1_000;
/** A second in which others had more than this much of a core is a disturbed one. */
const DISTURBED_CORES = 0.25;

interface Ticks {
  own: number;
  postgres: number;
  busy: number;
  stolen: number;
  atMs: number;
  /** Ticks of each process of the others without its children's, by its id and name. */
  others: Map<string, number>;
}

async function readTicks(root: number): Promise<Ticks> {
  const processes: { pid: number; parent: number; name: string; ticks: number; alone: number }[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
    const fields = rest.split(' ').map(Number);
    const [user = 0, system = 0, waitedUser = 0, waitedSystem = 0] = fields.slice(11, 15);
    // With the time of children that have ended and been waited for, so that nothing is lost when they go.
    const ticks = user + system + waitedUser + waitedSystem;
    if (rest !== '')
      processes.push({ pid: Number(entry), parent: fields[1] ?? 0, name, ticks, alone: user + system });
  }
  const tree = new Set([root]);
  for (const pid of tree) for (const { pid: child, parent } of processes) if (parent === pid) tree.add(child);
  const sum = (of: (process: (typeof processes)[number]) => boolean): number =>
    processes.filter(of).reduce((total, { ticks }) => total + ticks, 0);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = (
    (await readFile('/proc/stat', 'latin1')).match(/^cpu +(.*)$/m)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  return {
    own: sum(({ pid }) => tree.has(pid)),
    postgres: sum(({ pid, name }) => !tree.has(pid) && name === 'postgres'),
    busy: user + nice + system + interrupts + softInterrupts,
    stolen,
    atMs: performance.now(),
    others: new Map(
      processes
        .filter(({ pid, name }) => !tree.has(pid) && name !== 'postgres')
        .map(({ pid, name, alone }) => [`${pid} ${name}`, alone]),
    ),
  };
}

// This process is the root of the tree, so that its own sampling does not count as others.
const first = await readTicks(process.pid);
let last = first;
let [samples, disturbed] = [0, 0];
const othersByName = new Map<string, number>();
const child = spawn(command, args, { stdio: 'inherit' });
const ended = new Promise<number>((done, fail) => {
  child.once('close', (code) => done(code ?? 1));
  child.once('error', fail);
});
const timer = setInterval(() => {
  void readTicks(process.pid).then((now) => {
    samples += 1;
    if (othersCores(last, now) > DISTURBED_CORES) disturbed += 1;
    for (const [process, ticks] of now.others) {
      const name = process.slice(process.indexOf(' ') + 1);
      const spent = ticks - (last.others.get(process) ?? 0);
      // One that is new here may be old, and its first ticks would be those of its whole life.
      if (last.others.has(process)) othersByName.set(name, (othersByName.get(name) ?? 0) + spent);
    }
    last = now;
  });
}, SAMPLE_MS);
const code = await ended;
clearInterval(timer);
const now = await readTicks(process.pid);
const cores = (ticks: number): string =>
  (ticks / TICKS_PER_SECOND / ((now.atMs - first.atMs) / 1000)).toFixed(2);
console.log(
  `cores: ${cores(now.own - first.own)} the command, ${cores(now.postgres - first.postgres)} PostgreSQL, ${othersCores(first, now).toFixed(2)} others, ` +
    `${cores(now.stolen - first.stolen)} stolen; seconds in which others had more than ${DISTURBED_CORES} of a core: ${disturbed} of ${samples}`,
);
const named = [...othersByName].sort(([, a], [, b]) => b - a).filter(([, ticks]) => ticks > 0).slice(0, 4); // prettier-ignore
if (named.length > 0)
  console.log(`the others: ${named.map(([name, ticks]) => `${name} ${cores(ticks)}`).join(', ')}`);
process.exit(code);

function othersCores(from: Ticks, to: Ticks): number {
  const others = to.busy - from.busy - (to.own - from.own) - (to.postgres - from.postgres);
  return Math.max(0, others) / TICKS_PER_SECOND / ((to.atMs - from.atMs) / 1000);
}
