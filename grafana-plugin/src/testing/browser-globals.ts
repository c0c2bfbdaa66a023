import { TextDecoder, TextEncoder } from 'node:util';

// What every browser has and jsdom does not, before anything is loaded.
Object.assign(globalThis, { TextDecoder, TextEncoder });
/** As much of it as React's scheduler needs, without a port that would keep the test process alive. */
class TimerChannel {
  port1: { onmessage: ((event: { data: unknown }) => void) | null } = { onmessage: null };
  port2 = { postMessage: (data: unknown) => void setTimeout(() => this.port1.onmessage?.({ data }), 0) };
}
const lacking: Record<string, unknown> = {
  MessageChannel: TimerChannel,
  ResizeObserver: class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  },
  IntersectionObserver: class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  },
  matchMedia: (media: string) => ({ matches: false, media, addEventListener() {}, removeEventListener() {} }),
};
for (const [name, value] of Object.entries(lacking))
  if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
// Menus measure their texts on a canvas; nothing is drawn, as nothing has a width here.
HTMLCanvasElement.prototype.getContext = (() => ({
  font: '',
  measureText: (text: string) => ({ width: 8 * text.length }),
})) as unknown as HTMLCanvasElement['getContext'];
