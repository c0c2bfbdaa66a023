import cliProgress from 'cli-progress';

/** Where the demo prints: a terminal gets a bar that moves, anything else gets lines. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean };

export interface Progress {
  /** @param done what is through so far, of all */
  update(done: number): void;
  /** Leaves the last state on the screen. */
  stop(): void;
}

/** A terminal shows a moving bar; a log gets a line this often. */
const LINE_EVERY_MS = 3_000;

export interface ProgressOptions {
  output: Output;
  /** What is being sent, e.g. the workspace's name. */
  label: string;
  /** All that is to be done, in the unit. */
  total: number;
  /** What is counted; events, if not said. */
  unit?: string;
  /** Milliseconds of any steady clock; replaced in tests. */
  now?: () => number;
}

/** Starts to show how much of `total` is through, how fast, and how long it will take. */
export function startProgress(options: ProgressOptions): Progress {
  return options.output.isTTY === true ? bar(options) : lines(options);
}

function bar({
  output,
  label,
  total,
  unit = 'events',
  now = () => performance.now(),
}: ProgressOptions): Progress {
  const startedMs = now();
  const single = new cliProgress.SingleBar(
    {
      format: `{label} {bar} {percentage} % | {value} of {total} ${unit} | {rate} ${unit}/s | ETA {eta} s`,
      stream: output,
      barsize: 24,
      hideCursor: true,
      // The demo finishes what is on its way when it is told to stop; the bar must not end the process before.
      gracefulExit: false,
      etaBuffer: 50,
      formatValue: (value, _options, type) =>
        type === 'value' || type === 'total' ? grouped(value) : String(value),
    },
    cliProgress.Presets.shades_classic,
  );
  single.start(total, 0, { label: label.padEnd(16), rate: '-' });
  return {
    update: (done) => single.update(done, { rate: grouped(perSecond(done, now() - startedMs)) }),
    stop: () => single.stop(),
  };
}

function lines({
  output,
  label,
  total,
  unit = 'events',
  now = () => performance.now(),
}: ProgressOptions): Progress {
  const startedMs = now();
  let printedMs = startedMs;
  let done = 0;
  const print = (): void => {
    const rate = perSecond(done, now() - startedMs);
    const left = done >= total || rate === 0 ? '' : `, about ${Math.ceil((total - done) / rate)} s to go`;
    output.write(
      `${label}: ${grouped(done)} of ${grouped(total)} ${unit}, ${grouped(rate)} ${unit}/s${left}\n`,
    );
    printedMs = now();
  };
  return {
    update(value) {
      done = value;
      if (now() - printedMs >= LINE_EVERY_MS) print();
    },
    stop: print,
  };
}

/** `12345` as `12,345`. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function perSecond(count: number, elapsedMs: number): number {
  return elapsedMs <= 0 ? 0 : Math.round((count / elapsedMs) * 1_000);
}
