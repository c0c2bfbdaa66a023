import { parseArgs } from 'node:util';
import type { PeerLoad } from './measure-peer.ts';

export interface PeerOptions extends PeerLoad {
  /** The program to start. */
  command: string;
  batch: number;
  spansPerTrace: number;
  verbose: boolean;
  /** What only this peer has, as given. */
  own: Record<string, string>;
}

/**
 * The command line that the ingest peers share. `commandVariable` names the environment variable that holds the program's place when
 * `--command` does not say it; `own` are options of this peer with their defaults. Prints the help and ends when asked to.
 */
export function readPeerOptions(
  about: string,
  { commandVariable, own = {} }: { commandVariable: string; own?: Record<string, string> },
): PeerOptions {
  const defaults = {
    command: process.env[commandVariable] ?? '',
    seconds: '60',
    'warm-up': '5',
    connections: '64',
    batch: '100',
    'spans-per-trace': '1',
    drain: '90',
    ...own,
  };
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => [name, { type: 'string' as const, default: value }]),
      ),
      verbose: { type: 'boolean' as const, default: false },
      help: { type: 'boolean' as const, default: false },
    },
  });
  const given: Record<string, string | boolean | undefined> = values;
  const text = (name: string): string => String(given[name]);
  if (values.help) {
    console.log(`${about}\n\nOptions, with their defaults (--command: or ${commandVariable}):`);
    for (const [name, value] of Object.entries(defaults)) console.log(`  --${name} ${value || '…'}`);
    console.log('  --verbose (shows what the peer prints)');
    process.exit(0);
  }
  if (text('command') === '')
    throw new Error(`Say where the program is: --command PATH or ${commandVariable}.`);
  return {
    command: text('command'),
    seconds: Number(text('seconds')),
    warmUpSeconds: Number(text('warm-up')),
    connections: Number(text('connections')),
    drainSeconds: Number(text('drain')),
    batch: Number(text('batch')),
    spansPerTrace: Number(text('spans-per-trace')),
    verbose: values.verbose,
    own: Object.fromEntries(Object.keys(own).map((name) => [name, text(name)])),
  };
}
