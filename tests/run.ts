/**
 * `npm test`: types, lint, formatting, then every test of every runner; the last line sums the runners up.
 * With arguments only the tests that match run (they go to jest), without the checks.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

function run(
  title: string,
  command: string,
  args: string[],
  cwd = root,
): Promise<{ code: number; output: string }> {
  console.log(`\n== ${title}`);
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: process.env });
    let output = '';
    const pass = (target: NodeJS.WriteStream) => (chunk: Buffer) => {
      output += chunk.toString();
      target.write(chunk);
    };
    child.stdout.on('data', pass(process.stdout));
    child.stderr.on('data', pass(process.stderr));
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** A check counts as one test: it passes or it does not. */
async function check(title: string, command: string, args: string[]): Promise<Counts> {
  const { code } = await run(title, command, args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/**
 * Runs a runner that writes a report of its own, as JSON, and counts by that. A run that ends badly, or writes none, has failed at least once.
 * @param command its words, where the report is to be
 */
async function reported(
  title: string,
  command: (report: string) => string[],
  countsOf: (report: Record<string, unknown>) => Counts,
): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'promptops-report-'));
  const report = join(folder, 'report.json');
  try {
    const { code } = await run(title, process.execPath, command(report));
    const counts = countsOf(JSON.parse(await readFile(report, 'utf8')) as Record<string, unknown>);
    return { ...counts, failed: Math.max(counts.failed, code === 0 ? 0 : 1) };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function jest(filters: string[]): Promise<Counts> {
  if (process.env['TIMESCALE_DATABASE_URL'] === undefined) {
    console.log('\nTIMESCALE_DATABASE_URL is not set: what needs TimescaleDB is skipped.');
  }
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', bin('jest')];
  return reported(
    'jest',
    (report) => [...flags, '--json', `--outputFile=${report}`, ...filters],
    (report) => {
      const result = report as Record<string, number>;
      return {
        passed: result['numPassedTests'] ?? 0,
        // A file that could not be loaded holds no test that failed, and is a failure all the same.
        failed: (result['numFailedTests'] ?? 0) + (result['numRuntimeErrorTestSuites'] ?? 0),
        skipped: (result['numPendingTests'] ?? 0) + (result['numTodoTests'] ?? 0),
      };
    },
  );
}

/** The pages in a real browser, and in Grafana where there is one. */
async function browser(): Promise<Counts> {
  const hasBrowser =
    process.env['CHROMIUM_PATH'] !== undefined || (process.platform === 'linux' && process.arch === 'x64');
  if (!hasBrowser) {
    console.log(
      '\n== browser: skipped, the browser of the npm package is for Linux on x86-64; set CHROMIUM_PATH to one',
    );
    return { passed: 0, failed: 0, skipped: 1 };
  }
  if (process.env['GRAFANA_URL'] === undefined)
    console.log('\nGRAFANA_URL is not set: what needs Grafana is skipped.');
  const bundle = ['grafana-plugin/build/standalone.ts', '--if-stale'];
  const built = await run('bundle of the pages', process.execPath, bundle);
  if (built.code !== 0) return { passed: 0, failed: 1, skipped: 0 };
  return reported(
    'browser',
    (report) => {
      process.env['PLAYWRIGHT_JSON'] = report;
      return [bin('playwright'), 'test', '-c', 'grafana-plugin/playwright.config.ts'];
    },
    ({ stats }) => {
      const result = stats as Record<string, number>;
      return {
        passed: (result['expected'] ?? 0) + (result['flaky'] ?? 0),
        failed: result['unexpected'] ?? 0,
        skipped: result['skipped'] ?? 0,
      };
    },
  );
}

async function python(): Promise<Counts> {
  const interpreter = ['python3', 'python'].find((name) => {
    const { status } = spawnSync(name, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
    return status === 0;
  });
  if (interpreter === undefined) {
    console.log('\n== python client: skipped, there is no Python 3.9 or newer here');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const { code, output } = await run(
    'python client',
    interpreter,
    ['-m', 'unittest', 'discover', '-s', 'tests'],
    join(root, 'clients/python'),
  );
  const ran = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  const number = (name: string): number => Number(new RegExp(`${name}=(\\d+)`).exec(output)?.[1] ?? 0);
  const failed = Math.max(
    number('failures') + number('errors') + number('unexpected successes'),
    code === 0 ? 0 : 1,
  );
  const skipped = number('skipped');
  return { passed: Math.max(0, ran - failed - skipped), failed, skipped };
}

async function all(): Promise<Counts[]> {
  return [
    await check('types', bin('tsc'), ['-p', 'tsconfig.json']),
    await check('types of the pages', bin('tsc'), ['-p', 'grafana-plugin']),
    await check('lint', bin('eslint'), ['.']),
    await check('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']),
    await jest([]),
    await browser(),
    await python(),
  ];
}

const filters = process.argv.slice(2);
const results = filters.length > 0 ? [await jest(filters)] : await all();
const total = results.reduce((sum, counts) => ({
  passed: sum.passed + counts.passed,
  failed: sum.failed + counts.failed,
  skipped: sum.skipped + counts.skipped,
}));
console.log(
  `\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
);
process.exit(total.failed > 0 ? 1 : 0);
