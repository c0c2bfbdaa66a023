import { hash } from 'node:crypto';
import { copyLines } from '../database/copy.ts';
import type { Client, Queryable } from '../database/pool.ts';
import { copyField } from '../ingest/usage-row.ts';
import type { CallReport } from './call-report.ts';
import { isLookedAround, LOOK_AROUND_ROUNDS, type StoredCandidate } from './reconcile.ts';
import { packReport, unpackReport } from './report-codec.ts';
import { askedNear, emitterOf, exactIds, isKeptNear, keptNear, SLACK_US } from './same-call.ts';

/** How long a report can be matched with later ones. A parent that sums its children up ends after them, and is sent then. */
export const CANDIDATE_WINDOW = '1 hour';
export const CANDIDATE_SWEEP_MS = 60_000;
/** How long an emitter of a process is known after it was last noted: it must outlive the candidates that it keeps. */
const EMITTER_WINDOW = '2 hours';
const NOTE_EMITTER_MS = 30 * 60_000;
const MAX_NOTED = 10_000;
const MAX_PLACES = 4_096;

const COLUMNS = 'c.report, c.event_id';
const asked = (keys: string, from: string, to: string): string =>
  `unnest(${keys}, ${from}::bigint[], ${to}::bigint[]) AS asked (match_key, from_us, to_us)`;
/** One look into the index for each key: a plan that joins whole tables would be right only while they are small. */
const sharing = (column: string, list: string): string => `
  SELECT ${COLUMNS} FROM ${list} CROSS JOIN LATERAL (
    SELECT * FROM call_candidates
    WHERE ${column} = asked.match_key AND end_us >= asked.from_us AND start_us <= asked.to_us AND tenant_id = $1 OFFSET 0
  ) c`;
const FIND_EXACT = [
  sharing('trace', asked('$2::uuid[]', '$3', '$4')),
  sharing('response_key', asked('$5::bigint[]', '$6', '$7')),
  sharing('local_key', asked('$5::bigint[]', '$6', '$7')),
  sharing('request_key', asked('$8::bigint[]', '$9', '$10')),
  `SELECT ${COLUMNS} FROM call_candidates c WHERE tenant_id = $1 AND observation = ANY($11::uuid[])`,
].join(' UNION ALL ');
const FIND_NEAR = `
  SELECT ${COLUMNS}
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS asked (match_key, lowest, highest, from_us, to_us)
  CROSS JOIN LATERAL (
    SELECT * FROM call_candidates
    WHERE near_key = asked.match_key AND near_output BETWEEN asked.lowest AND asked.highest AND near_us BETWEEN asked.from_us AND asked.to_us AND tenant_id = $1 OFFSET 0
  ) c`;
const FIND_MEMBERS = `
  SELECT ${COLUMNS} FROM call_candidates c WHERE tenant_id = $1 AND event_id = ANY($2::text[]) AND event_id <> ''
  UNION ALL
  SELECT ${COLUMNS} FROM call_candidates c WHERE tenant_id = $1 AND observation = ANY($3::uuid[]) AND event_id = ''`;
const FIND_EMITTERS = `SELECT process, emitter FROM call_emitters WHERE tenant_id = $1 AND process = ANY($2::text[])`;
const NOTE_EMITTERS = `
  INSERT INTO call_emitters (tenant_id, process, emitter)
  SELECT $1, * FROM unnest($2::text[], $3::text[]) ON CONFLICT (tenant_id, process, emitter) DO UPDATE SET seen_at = now()`;

const KEPT = `tenant_id, observation, trace, response_key, local_key, request_key, near_key, near_output, near_us, start_us, end_us, event_id, report`;
const COPY = `COPY call_candidates (${KEPT}) FROM STDIN`;
/** Those that are sent again with more in them, or whose event is another one now: few. */
const CHANGING = `CREATE TEMP TABLE IF NOT EXISTS changed_candidates (LIKE call_candidates INCLUDING DEFAULTS) ON COMMIT DELETE ROWS`;
const COPY_CHANGED = `COPY changed_candidates (${KEPT}) FROM STDIN`;
const CHANGE = `
  UPDATE call_candidates SET (${KEPT}) = ROW(${KEPT.replaceAll(/\w+/g, 'changed.$&')})
  FROM changed_candidates changed WHERE call_candidates.tenant_id = changed.tenant_id AND call_candidates.observation = changed.observation`;

type Row = { report: string; event_id: string | null };

/** The candidates of a tenant in the database; every method runs in the caller's transaction. */
export class CandidateTable {
  readonly #prepared = new WeakSet<Client>();
  /** When each emitter of a process was last noted by this collector. */
  readonly #noted = new Map<string, number>();
  readonly #placeKeys = new Map<string, bigint>();

  /** What a session needs, once; outside of a transaction. */
  async prepare(client: Client): Promise<void> {
    if (this.#prepared.has(client)) return;
    await client.query(CHANGING);
    this.#prepared.add(client);
  }

  /**
   * Begins a transaction that alone matches the reports of some tenants: two collectors may hold the two halves of one trace.
   * One statement, for an answer may have to wait for its turn in this process.
   */
  async begin(client: Client, tenantIds: readonly string[]): Promise<void> {
    const locks = tenantIds.toSorted().map((tenantId) => hashKey(tenantId, 'promptops.call_candidates'));
    await client.query(['BEGIN', ...locks.map((key) => `SELECT pg_advisory_xact_lock(${key})`)].join('; '));
  }

  /** All that reports could belong to, and what else of it counts: see `reconcile`. */
  async find(client: Client, tenantId: string, incoming: readonly CallReport[]): Promise<StoredCandidate[]> {
    const emitters = new Map<string, Set<string>>();
    await this.#learnEmitters(client, tenantId, incoming, emitters);
    await this.#noteEmitters(client, tenantId, incoming, emitters);
    const found = new Map<string, StoredCandidate>();
    const askedEvents = new Set<string>();
    const take = (rows: readonly Row[]): StoredCandidate[] =>
      rows.flatMap((row) => {
        const report = unpackReport(row.report);
        if (found.has(report.observationId)) return [];
        const candidate = { report, eventId: row.event_id === '' ? report.observationId : row.event_id };
        found.set(report.observationId, candidate);
        return [candidate];
      });
    // An event is looked at with all of its reports, or it would be made of some of them.
    const withMembers = async (first: StoredCandidate[]): Promise<StoredCandidate[]> => {
      const all = [...first];
      for (let newest = first; ; all.push(...newest)) {
        const events = [...new Set(newest.flatMap(({ eventId }) => eventId ?? []))].filter(
          (id) => !askedEvents.has(id),
        );
        if (events.length === 0) return all;
        for (const id of events) askedEvents.add(id);
        const members = await client.query<Row>(FIND_MEMBERS, [tenantId, events, events.map(observationKey)]);
        newest = take(members.rows);
      }
    };
    // A re-send is known by itself, whatever its times.
    const own = incoming.map(({ observationId }) => observationKey(observationId));
    let fresh = await withMembers(take(await this.#sharing(client, tenantId, incoming, emitters, own)));
    for (let round = 0; round < LOOK_AROUND_ROUNDS && fresh.length > 0; round += 1) {
      const around = fresh.filter(isLookedAround).map(({ report }) => report);
      await this.#learnEmitters(client, tenantId, around, emitters);
      fresh = await withMembers(take(await this.#sharing(client, tenantId, around, emitters)));
    }
    return [...found.values()];
  }

  /** Those that share an id with a report at an overlapping time, or may be the same call by time and tokens. */
  async #sharing(
    client: Client,
    tenantId: string,
    reports: readonly CallReport[],
    emitters: ReadonlyMap<string, ReadonlySet<string>>,
    observations: readonly string[] = [],
  ): Promise<Row[]> {
    const [traces, responses, requests] = [new AskedSpans(), new AskedSpans(), new AskedSpans()];
    const near: [bigint[], number[], number[], number[], number[]] = [[], [], [], [], []];
    for (const report of reports) {
      const ids = exactIds(report);
      const { startUs, endUs, resourceKey } = report.relation;
      if (ids.trace !== null) traces.add(ids.trace, startUs, endUs);
      for (const id of ids.responses) responses.add(id, startUs, endUs);
      if (ids.request !== null) requests.add(ids.request, startUs, endUs);
      for (const one of askedNear(report, emitters.get(resourceKey) ?? NO_EMITTERS)) {
        near[0].push(this.#placeKey(tenantId, one.place));
        near[1].push(one.lowest);
        near[2].push(one.highest);
        near[3].push(one.fromUs);
        near[4].push(one.toUs);
      }
    }
    // Unnamed, like all that looks for candidates: a plan that was made when there were few would be kept for when there are many.
    const rows: Row[] = [];
    const key = (id: string): bigint => hashKey(tenantId, id);
    const exact = [...traces.columns(traceKey), ...responses.columns(key), ...requests.columns(key)];
    if (observations.length > 0 || exact.some((column) => column.length > 0)) {
      const found = await client.query<Row>(FIND_EXACT, [
        tenantId,
        ...exact.map(arrayText),
        arrayText(observations),
      ]);
      rows.push(...found.rows);
    }
    if (near[0].length > 0)
      rows.push(...(await client.query<Row>(FIND_NEAR, [tenantId, ...near.map(arrayText)])).rows);
    return rows;
  }

  /** Adds the processes of reports, each with the emitters of which near candidates are kept. */
  async #learnEmitters(
    client: Client,
    tenantId: string,
    reports: readonly CallReport[],
    known: Map<string, Set<string>>,
  ): Promise<void> {
    const processes = new Set<string>();
    for (const report of reports) {
      const { resourceKey } = report.relation;
      if (!known.has(resourceKey) && isKeptNear(report)) processes.add(resourceKey);
    }
    if (processes.size === 0) return;
    for (const process of processes) known.set(process, new Set());
    const { rows } = await client.query<{ process: string; emitter: string }>(
      { name: 'find-emitters', text: FIND_EMITTERS },
      [tenantId, [...processes]],
    );
    for (const { process, emitter } of rows) known.get(process)?.add(emitter);
  }

  async #noteEmitters(
    client: Client,
    tenantId: string,
    incoming: readonly CallReport[],
    known: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> {
    const now = performance.now();
    const fresh = new Map<string, [string, string]>();
    for (const report of incoming) {
      if (!isKeptNear(report)) continue;
      const { resourceKey } = report.relation;
      const emitter = emitterOf(report);
      const key = `${tenantId}\0${resourceKey}\0${emitter}`;
      const isKnown = known.get(resourceKey)?.has(emitter) === true;
      if (isKnown && now - (this.#noted.get(key) ?? -Infinity) < NOTE_EMITTER_MS) continue;
      fresh.set(key, [resourceKey, emitter]);
    }
    if (fresh.size === 0) return;
    await client.query({ name: 'note-emitters', text: NOTE_EMITTERS }, [
      tenantId,
      [...fresh.values()].map(([process]) => process),
      [...fresh.values()].map(([, emitter]) => emitter),
    ]);
    if (this.#noted.size > MAX_NOTED) this.#noted.clear();
    // A transaction that fails after this leaves a moment too early here, never an emitter that is not known.
    for (const key of fresh.keys()) this.#noted.set(key, now);
  }

  /** Writes what is new or changed of each tenant's candidates; `existing` is what `find` gave. */
  async keep(
    client: Client,
    changes: readonly {
      tenantId: string;
      existing: readonly StoredCandidate[];
      candidates: readonly StoredCandidate[];
    }[],
  ): Promise<void> {
    const [fresh, changed]: [Line[], Line[]] = [[], []];
    for (const { tenantId, existing, candidates } of changes) {
      const known = new Set(existing.map(({ report }) => report.observationId));
      for (const candidate of candidates)
        (known.has(candidate.report.observationId) ? changed : fresh).push({ tenantId, candidate });
    }
    if (fresh.length > 0) await copyLines(client, COPY, this.#copyLines(fresh));
    if (changed.length === 0) return;
    await copyLines(client, COPY_CHANGED, this.#copyLines(changed));
    await client.query(CHANGE);
  }

  /** One after the other, so that the database reads the first while the last are still written. */
  *#copyLines(lines: readonly Line[]): Generator<string> {
    for (const { tenantId, candidate } of lines) yield this.#copyLine(tenantId, candidate);
  }

  #copyLine(tenantId: string, { report, eventId }: StoredCandidate): string {
    const { trace, request } = exactIds(report);
    const { responseId, localId, startUs, endUs } = report.relation;
    const isCall = report.role === 'call';
    const near = keptNear(report);
    const key = (id: string | null): string => (id === null ? '\\N' : String(hashKey(tenantId, id)));
    // Only what is free text has to be escaped.
    return (
      `${copyField(tenantId)}\t${observationKey(report.observationId)}\t${trace === null ? '\\N' : traceKey(trace)}\t` +
      `${isCall ? key(responseId) : '\\N'}\t${isCall && localId !== responseId ? key(localId) : '\\N'}\t${key(request)}\t` +
      `${near ? this.#placeKey(tenantId, near.place) : '\\N'}\t${near?.output ?? '\\N'}\t${near?.atUs ?? '\\N'}\t${startUs}\t${endUs}\t` +
      `${eventId === report.observationId ? '' : copyField(eventId)}\t${copyField(packReport(report))}\n`
    );
  }

  /** Places come again and again for a minute. */
  #placeKey(tenantId: string, place: string): bigint {
    const text = `${tenantId}\0${place}`;
    let key = this.#placeKeys.get(text);
    if (key === undefined) {
      key = hashKey(tenantId, place);
      if (this.#placeKeys.size >= MAX_PLACES) this.#placeKeys.clear();
      this.#placeKeys.set(text, key);
    }
    return key;
  }
}

interface Line {
  tenantId: string;
  candidate: StoredCandidate;
}

/** An array of numbers or UUIDs, which need no quotes: the driver would look at each one. */
const arrayText = (values: readonly (string | number | bigint)[]): string => `{${values.join(',')}}`;

const NO_EMITTERS: ReadonlySet<string> = new Set();

/** Keys with the time in which they are asked for; one key is asked for once, around all who ask. */
class AskedSpans {
  readonly #spans = new Map<string, { fromUs: number; toUs: number }>();

  add(key: string, startUs: number, endUs: number): void {
    const span = this.#spans.get(key);
    if (span) {
      span.fromUs = Math.min(span.fromUs, startUs - SLACK_US);
      span.toUs = Math.max(span.toUs, endUs + SLACK_US);
    } else this.#spans.set(key, { fromUs: startUs - SLACK_US, toUs: endUs + SLACK_US });
  }

  columns<Key>(keyOf: (id: string) => Key): [Key[], number[], number[]] {
    const spans = [...this.#spans.values()];
    return [
      [...this.#spans.keys()].map(keyOf),
      spans.map(({ fromUs }) => fromUs),
      spans.map(({ toUs }) => toUs),
    ];
  }
}

/** Forgets candidates whose window is over. Every replica may: what one has removed, the other does not find. */
export async function forgetOldCandidates(database: Queryable): Promise<void> {
  await database.query(`DELETE FROM call_candidates WHERE seen_at < now() - interval '${CANDIDATE_WINDOW}'`);
  await database.query(`DELETE FROM call_emitters WHERE seen_at < now() - interval '${EMITTER_WINDOW}'`);
}

/** 64 bits of a key of a tenant: a collision only makes the matcher look at a report more. */
function hashKey(tenantId: string, key: string): bigint {
  return hash('md5', `${tenantId}\0${key}`, 'buffer').readBigInt64LE(0);
}

/** The name of a report in the table: 128 bits of its ids, or of a hash where it has no such. */
function observationKey(observationId: string): string {
  const span = SPAN.exec(observationId);
  return span ? `${span[1]}${span[2]}` : hash('md5', observationId, 'hex');
}
const SPAN = /^span:[0-9a-f]{16}([0-9a-f]{16})\/([0-9a-f]{16})$/;

/** Trace ids have the form of a UUID. */
function traceKey(traceId: string): string {
  return TRACE.test(traceId) ? traceId : hash('md5', traceId, 'hex');
}
const TRACE = /^[0-9a-f]{32}$/;
