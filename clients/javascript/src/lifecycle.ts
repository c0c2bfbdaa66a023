/**
 * The end of the process or page, which concerns every client. There is one set of listeners, however many clients there are,
 * since a listener for each would make Node warn of a leak.
 */
import { page } from './platform.ts';

export interface Lifelong {
  /** The event loop of Node has run dry: deliver what is there, within a deadline. Working delays the end. */
  closeAtExit(): Promise<void>;
  /** The process ends now, nothing asynchronous will run: count and tell what is lost. */
  abandonAtExit(): void;
  /** The page may never run again: hand what is there to the browser. */
  handOver(): void;
}

interface NodeProcess {
  on?(event: 'beforeExit' | 'exit', listener: () => void): unknown;
  versions?: { node?: string };
}

const live = new Set<Lifelong>();
let listening = false;

export function register(sender: Lifelong): void {
  live.add(sender);
  if (listening) return;
  listening = true;
  const { process } = globalThis as { process?: NodeProcess };
  if (process?.versions?.node && process.on) {
    process.on('beforeExit', () => {
      for (const each of live) void each.closeAtExit();
    });
    process.on('exit', () => {
      for (const each of live) each.abandonAtExit();
    });
  }
  const document = page();
  const handOver = () => {
    for (const each of live) each.handOver();
  };
  document?.addEventListener?.('visibilitychange', () => {
    if (document.visibilityState === 'hidden') handOver();
  });
  // Safari does not always tell of the change of visibility when a page goes.
  if (document) {
    (globalThis as { addEventListener?: (type: string, listener: () => void) => void }).addEventListener?.(
      'pagehide',
      handOver,
    );
  }
}

export function unregister(sender: Lifelong): void {
  live.delete(sender);
}
