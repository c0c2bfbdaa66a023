/** The part of cli-progress 3 that the demo uses; the package has no types of its own. */
declare module 'cli-progress' {
  export interface Options {
    format?: string;
    stream?: NodeJS.WritableStream;
    barsize?: number;
    hideCursor?: boolean;
    /** Leaves signals to the caller when false. */
    gracefulExit?: boolean;
    etaBuffer?: number;
    formatValue?: (value: number, options: Options, type: string) => string;
  }
  export interface Preset {
    format?: string;
    barCompleteChar?: string;
    barIncompleteChar?: string;
  }
  export class SingleBar {
    constructor(options: Options, preset?: Preset);
    start(total: number, startValue: number, payload?: Record<string, unknown>): void;
    update(value: number, payload?: Record<string, unknown>): void;
    stop(): void;
  }
  const cliProgress: { SingleBar: typeof SingleBar; Presets: { shades_classic: Preset } };
  export default cliProgress;
}
