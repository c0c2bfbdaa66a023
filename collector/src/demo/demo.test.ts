import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runDemo, type DemoOptions } from './demo.ts';
import { FakeCollector } from './fake-collector.ts';
import { generateHistory } from './history.ts';
import { startProgress, type Output } from '../cli/progress.ts';
import { DEMO_WORKSPACES, eventsPerDayOf } from './workspaces.ts';

const NOW = Date.parse('2026-11-24T11:17:42.123Z');
const WORKSPACES = DEMO_WORKSPACES.map(({ name }) => ({ name, apiKey: `po_${name}` }));

let collector: FakeCollector;
beforeEach(async () => {
  collector = new FakeCollector();
  await collector.listen();
});
afterEach(() => collector.close());

/** Keeps what is printed. */
function paper(isTTY: boolean): Output & { text: () => string } {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  return Object.assign(stream, { isTTY, text: () => written });
}

function options(overrides: Partial<DemoOptions> = {}): DemoOptions & { output: ReturnType<typeof paper> } {
  return {
    baseUrl: collector.baseUrl,
    workspaces: WORKSPACES,
    days: 3,
    eventsPerDay: 600,
    nowMs: NOW,
    live: false,
    output: paper(false),
    ...overrides,
  } as DemoOptions & { output: ReturnType<typeof paper> };
}

describe('the demo', () => {
  test('sends the history of each workspace with its own key and says where to look', async () => {
    const demo = options();
    const result = await runDemo(demo);
    expect(result.stopped).toBe(false);
    for (const workspace of DEMO_WORKSPACES) {
      const expected = [
        ...generateHistory({
          seed: 1,
          nowMs: NOW,
          days: 3,
          eventsPerDay: eventsPerDayOf(workspace, 600),
          workspace,
        }),
      ];
      expect(
        collector.eventsOf(`po_${workspace.name}`).sort((a, b) => (a.event_id < b.event_id ? -1 : 1)),
      ).toEqual(expected);
      expect(demo.output.text()).toMatch(
        new RegExp(`^${workspace.name}: ([\\d,]+) of \\1 events, [\\d,]+ events/s$`, 'm'),
      );
      expect(demo.output.text()).toContain(
        `${workspace.title}: ${expected.length.toLocaleString('en-US')} events`,
      );
    }
    expect(demo.output.text()).toContain(
      `${collector.baseUrl}/v1/analytics/usage/overview?start_date=2026-11-21&end_date=2026-11-24&group_by=day&timezone=Europe%2FBerlin`,
    );
    // Local days: 00:00 UTC is the evening before in New York.
    expect(demo.output.text()).toContain(
      'start_date=2026-11-20&end_date=2026-11-24&group_by=day&timezone=America%2FNew_York',
    );
    expect(demo.output.text()).not.toContain('po_');
    expect(demo.output.text()).not.toContain('\u001b');
  });

  test('run again is all duplicates', async () => {
    await runDemo(options());
    const { workspaces } = await runDemo(options());
    for (const { history } of workspaces) {
      expect(history).toMatchObject({ accepted: 0, duplicate: history.received, rejected: 0 });
    }
  });

  test('goes on with live traffic until it is stopped, and sends what is due before it ends', async () => {
    const stop = new AbortController();
    const demo = options({ days: 0, live: true, liveEventsPerSecond: 40, signal: stop.signal });
    collector.reject = () => {
      const enough = [...collector.stored.values()].every((events) => events.size > 50);
      if (enough && demo.output.text().includes('Live traffic')) stop.abort();
      return undefined;
    };
    const { workspaces, stopped } = await runDemo(demo);
    expect(stopped).toBe(true);
    for (const { name, live, history } of workspaces) {
      expect(live).toMatchObject({ rejected: 0, unanswered: 0, duplicate: 0 });
      expect(live.accepted).toBeGreaterThan(0);
      const stored = collector.eventsOf(`po_${name}`);
      expect(stored).toHaveLength(history.accepted + live.accepted);
      const times = stored.slice(history.accepted).map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort());
      expect(Date.parse(times.at(-1) ?? '')).toBeLessThanOrEqual(Date.now());
    }
    expect(demo.output.text()).toMatch(/live: [\d,]+ events accepted, [\d.]+ a second\n$/);
  });

  test('ends when the key is revoked while it is live', async () => {
    const demo = options({ days: 0, live: true, liveEventsPerSecond: 40 });
    collector.reject = () => {
      if (demo.output.text().includes('Live traffic') && collector.faults.length === 0) {
        collector.faults.push({ status: 401, body: { detail: 'This API key is revoked.' } });
      }
      return undefined;
    };
    await expect(runDemo(demo)).rejects.toThrow(/revoked/);
  });

  test('prints no more than twenty rejected events', async () => {
    collector.reject = () => ({ field: 'project_id', reason: 'is closed' });
    const demo = options();
    await runDemo(demo);
    expect(demo.output.text().match(/was rejected: project_id: is closed/g)).toHaveLength(20);
    expect(demo.output.text()).toMatch(/[\d,]+ REJECTED/);
  });

  test('names the workspaces that there are when asked for another', async () => {
    await expect(runDemo(options({ workspaces: [{ name: 'nowhere', apiKey: 'x' }] }))).rejects.toThrow(
      /no workspace 'nowhere'.*maple-shop, acme-legal, forge-devtools/,
    );
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends a real process cleanly on %s', async (signal) => {
    const script = `
      import { runDemo } from ${JSON.stringify(new URL('./demo.ts', import.meta.url).href)};
      const [baseUrl, workspaces] = process.argv.slice(1);
      const { stopped } = await runDemo({ baseUrl, workspaces: JSON.parse(workspaces), days: 0, liveEventsPerSecond: 20 });
      console.log(stopped ? 'ended cleanly' : 'ended by itself');`;
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
      collector.baseUrl,
      JSON.stringify(WORKSPACES),
    ]);
    let printed = '';
    let told = false;
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (!told && printed.includes('Live traffic')) {
        told = true;
        // As it comes from a terminal through npm: to the group, and passed on once more.
        child.kill(signal);
        setTimeout(() => child.kill(signal), 20);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const [code] = (await once(child, 'close')) as [number | null];
    expect(printed).toMatch(/ended cleanly\n$/);
    expect(code).toBe(0);
  });
});

describe('the progress', () => {
  test('in a log is a line every few seconds and one at the end', () => {
    const output = paper(false);
    let clockMs = 0;
    const progress = startProgress({ output, label: 'shop', total: 20_000, now: () => clockMs });
    for (let done = 500; done <= 20_000; done += 500) {
      clockMs += 200;
      progress.update(done);
    }
    progress.stop();
    expect(output.text().split('\n')).toEqual([
      'shop: 7,500 of 20,000 events, 2,500 events/s, about 5 s to go',
      'shop: 15,000 of 20,000 events, 2,500 events/s, about 2 s to go',
      'shop: 20,000 of 20,000 events, 2,500 events/s',
      '',
    ]);
  });

  test('in a terminal is a bar with the rate and the time to go', () => {
    const output = paper(true);
    const progress = startProgress({ output, label: 'shop', total: 20_000 });
    progress.update(20_000);
    progress.stop();
    expect(output.text()).toMatch(
      /shop .*█ 100 % \| 20,000 of 20,000 events \| [\d,]+ events\/s \| ETA \d+ s/,
    );
    expect(output.text()).toContain('\u001b[?25h');
  });
});
