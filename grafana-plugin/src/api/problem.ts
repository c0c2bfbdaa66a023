/** A request that the collector did not answer with what was asked: RFC 9457 problem+json, or no answer at all. */
export class ApiProblem extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The last part of the problem's `type`, e.g. 'range-too-long'; 'unreachable' without an answer. */
  readonly kind: string;

  constructor(status: number, kind: string, detail: string) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.kind = kind;
  }

  /** Whether asking the same again may help. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What a non-2xx answer says. Proxies between (Grafana's, others) answer in shapes of their own: their words are used where there are any. */
export function problemOf(status: number, data: unknown): ApiProblem {
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  const text = (name: string): string | undefined =>
    typeof fields[name] === 'string' && fields[name] !== '' ? fields[name] : undefined;
  const kind = text('type')?.split(':').at(-1) ?? `http-${status}`;
  const detail =
    text('detail') ?? text('message') ?? text('title') ?? `The collector answered with status ${status}.`;
  return new ApiProblem(status, kind, detail);
}

export function unreachable(cause: unknown): ApiProblem {
  const because = cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
  return new ApiProblem(0, 'unreachable', `The collector cannot be reached${because}.`);
}

/** Which field the collector's words are about: "window_duration: 20 is no multiple …". */
export function problemOfField(message: string): { field: string; words: string } | null {
  const found = /^([a-z_]+)(?:\.[\w.]+)?: (.+)$/s.exec(message);
  return found ? { field: found[1] as string, words: found[2] as string } : null;
}
