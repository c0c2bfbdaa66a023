/**
 * `npm run test:emitters -- [names…]`: installs real instrumentations from their registries, lets each make calls to a stub model server
 * while it exports to a collector of ours, and holds what the collector's API says against what the stub billed. Needs pip, npm and their
 * registries (and Go or OTELCOL for the OpenTelemetry Collector); what cannot be installed is skipped and said so. Installations are kept in EMITTERS_CACHE (default: the temporary folder).
 */
import { parseArgs } from 'node:util';
import { startCollector, temporaryFolder } from '../collector-process.ts';
import { createTenant, type Tenant } from './collector-client.ts';
import { EMITTERS, type Emitter } from './emitters.ts';
import { runDriver } from './driver.ts';
import { driverEnvironment } from './environment.ts';
import { differences, expectedUsage, totalUsage } from './expectation.ts';
import { tryFanOut } from './fan-out.ts';
import { install, InstallationFailed } from './installation.ts';
import { startStubServer } from './stub-server.ts';

const { positionals: names, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: 'boolean', default: false } },
});
const SETTLE_TIMEOUT_MS = 20_000;

interface Result {
  row: string[];
  outcome: 'passed' | 'failed' | 'skipped';
  notes: string[];
}

const FAN_OUT = 'opentelemetry-collector';
const all = [...EMITTERS.map(({ name }) => name), FAN_OUT];
const isChosen = (name: string): boolean => names.length === 0 || names.includes(name);
const unheardOf = names.filter((name) => !all.includes(name));
if (unheardOf.length > 0) {
  console.error(`No such emitter: ${unheardOf.join(', ')}. There are: ${all.join(', ')}`);
  process.exit(2);
}

const stub = await startStubServer();
const folder = await temporaryFolder();
const collector = await startCollector({ dataDir: folder.path });
const results: Result[] = [];
try {
  for (const emitter of EMITTERS)
    if (isChosen(emitter.name)) await report(emitter.name, () => tryOne(emitter));
  if (isChosen(FAN_OUT)) await report(FAN_OUT, inFront);
} finally {
  await collector.end();
  await stub.close();
  await folder.remove();
}
printTable([
  ['emitter', 'version', 'billed', 'recorded', 'billed in / out', 'recorded in / out', 'cache read', 'reasoning', ''],
  ...results.map(({ row, outcome }) => [...row, outcome]),
]); // prettier-ignore
const count = (outcome: Result['outcome']): number =>
  results.filter((result) => result.outcome === outcome).length;
console.log(`\n${count('passed')} passed, ${count('failed')} failed${count('skipped') > 0 ? `, ${count('skipped')} skipped` : ''}`); // prettier-ignore
process.exit(count('failed') > 0 ? 1 : 0);

async function report(name: string, attempt: () => Promise<Result>): Promise<void> {
  process.stdout.write(`${name} … `);
  const result = await attempt().catch((error: unknown): Result => {
    if (!(error instanceof InstallationFailed)) throw error;
    return { row: emptyRow(name, '-'), outcome: 'skipped', notes: [`cannot be installed: ${error.message}`] };
  });
  console.log(result.outcome);
  for (const note of result.notes) console.log(`    ${note}`);
  results.push(result);
}

function emptyRow(name: string, version: string): string[] {
  return [name, version, '', '', '', '', '', ''];
}

/** The OpenTelemetry Collector in front, while either side is killed and started again. */
async function inFront(): Promise<Result> {
  const [emitter] = EMITTERS;
  if (!emitter) throw new Error('There are no emitters.');
  const notes = await tryFanOut(emitter, stub);
  return { row: emptyRow(FAN_OUT, ''), outcome: notes.length === 0 ? 'passed' : 'failed', notes };
}

async function tryOne(emitter: Emitter): Promise<Result> {
  const installation = await install(emitter);
  const tenant = await createTenant(collector.url, collector.apiKey, emitter.name);
  const failure = await runDriver(
    installation,
    driverEnvironment(emitter, { collectorUrl: collector.url, apiKey: tenant.ingestKey, stubUrl: stub.url(emitter.name) }),
    values.verbose,
  ); // prettier-ignore
  if (failure !== undefined)
    return {
      row: emptyRow(emitter.name, installation.version),
      outcome: 'failed',
      notes: failure.split('\n'),
    };

  const billed = stub.billed(emitter.name);
  const expected = expectedUsage(billed, emitter);
  const { total, models } = await settled(tenant, totalUsage(expected).calls);
  const notes = differences(expected, models);
  if (emitter.user !== undefined && !(await tenant.users()).includes(emitter.user))
    notes.push(`no call is of the user ${emitter.user}`);
  if (billed.length === 0) notes.push('The driver made no calls.');
  for (const line of differences(new Map([['overview', totalUsage(models)]]), new Map([['overview', total]])))
    notes.push(`differs from the breakdown: ${line}`);
  const outcome = notes.length === 0 ? 'passed' : 'failed';
  for (const line of await tenant.unknown()) notes.push(`not understood: ${line}`);
  const all = totalUsage(expectedUsage(billed.map((call) => ({ ...call, usageSent: true })), { ...emitter, untold: () => false, tells: {} })); // prettier-ignore
  const row = [
    emitter.name,
    installation.version,
    String(billed.length),
    String(total.calls),
    `${all.input} / ${all.output}`,
    `${total.input} / ${total.output}`,
    `${total.cacheRead} of ${all.cacheRead}`,
    `${total.reasoning} of ${all.reasoning}`,
  ];
  return { row, outcome, notes };
}

/** What is recorded once as many calls are there as should be: reports of one call may still be joined for a moment. */
async function settled(tenant: Tenant, calls: number): Promise<Awaited<ReturnType<Tenant['recorded']>>> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const recorded = await tenant.recorded();
    if (recorded.total.calls === calls || performance.now() > deadline) return recorded;
    await new Promise((done) => setTimeout(done, 100));
  }
}

function printTable(rows: string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  console.log();
  for (const row of rows)
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()); // prettier-ignore
}
