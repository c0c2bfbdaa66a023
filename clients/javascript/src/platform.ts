/** What differs between Node, browsers and edge runtimes. Everything is looked up when used, and may be absent. */

interface TimerHandle {
  unref?(): unknown;
}

/** A timer that does not keep a process alive. Returns how to stop it. */
export function unrefTimer(callback: () => void, delayMs: number): () => void {
  // Longer delays overflow to 1 ms.
  const timer: unknown = setTimeout(callback, Math.min(Math.max(0, delayMs), 2 ** 31 - 1));
  (timer as TimerHandle).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}

/** Milliseconds of a clock that only goes forward. */
export function monotonicMs(): number {
  return performance.now();
}

/** The browser's page, where there is one. */
export interface Page {
  visibilityState?: string;
  addEventListener?(type: string, listener: () => void): void;
}

export function page(): Page | undefined {
  return (globalThis as { document?: Page }).document;
}

/** Compresses, or gives undefined where the platform cannot. */
export async function gzip(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  // Absent in older browsers, whatever the types say.
  const Compression = (globalThis as { CompressionStream?: typeof CompressionStream }).CompressionStream;
  if (!Compression) return undefined;
  try {
    const packed = new Blob([plain]).stream().pipeThrough(new Compression('gzip'));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  } catch {
    return undefined;
  }
}
