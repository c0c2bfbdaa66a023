import { hash } from 'node:crypto';
import { copyLines } from '../database/copy.ts';
import type { Client, Queryable } from '../database/pool.ts';
import { eventUuidOf } from '../ingest/event-id.ts';
import { copyField } from '../ingest/usage-row.ts';
import type { CallReport } from './call-report.ts';
import { isLookedAround, LOOK_AROUND_ROUNDS, type StoredCandidate } from './reconcile.ts';
import { askedKeys, keptKeys, SLACK_US } from './same-call.ts';

/** How long a report can be matched with later ones. A parent that sums its children up ends after them, and is sent then. */
export const CANDIDATE_WINDOW = '1 hour';
export const CANDIDATE_SWEEP_MS = 60_000;

/** One transaction at a time matches a tenant's reports: two collectors may hold the two halves of one trace. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtextextended('promptops.call_candidates ' || $1::text, 0))`;

const FIND = `
  SELECT DISTINCT c.observation
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) AS asked (match_key, lowest, highest, own_emitter, start_us, end_us)
  JOIN call_candidate_keys k ON k.tenant_id = $1 AND k.match_key = asked.match_key AND k.output BETWEEN asked.lowest AND asked.highest AND k.emitter <> asked.own_emitter
  JOIN call_candidates c ON c.tenant_id = $1 AND c.observation = k.observation AND c.start_us <= asked.end_us AND c.end_us >= asked.start_us`;
const READ = `SELECT report, event_id FROM call_candidates WHERE tenant_id = $1 AND observation = ANY($2::uuid[])`;
const READ_MEMBERS = `
  SELECT report, event_id FROM call_candidates
  WHERE tenant_id = $1 AND event_id = ANY($2::text[]) AND NOT names_event
  UNION ALL
  SELECT report, event_id FROM call_candidates
  WHERE tenant_id = $1 AND observation = ANY($3::uuid[]) AND names_event`;

const STAGING = `CREATE TEMP TABLE IF NOT EXISTS candidate_staging (
  tenant_id text, observation uuid, event_id text, names_event boolean, start_us bigint, end_us bigint, report text, match_keys bigint[], outputs bigint[], emitters bigint[]
) ON COMMIT DELETE ROWS`;
const COPY_STAGING = `COPY candidate_staging (tenant_id, observation, event_id, names_event, start_us, end_us, report, match_keys, outputs, emitters) FROM STDIN`;
const KEEP = `
WITH kept AS (
  INSERT INTO call_candidates (tenant_id, observation, event_id, names_event, start_us, end_us, report)
  SELECT tenant_id, observation, event_id, names_event, start_us, end_us, report FROM candidate_staging ORDER BY tenant_id, observation
  ON CONFLICT (tenant_id, observation) DO UPDATE SET
    event_id = excluded.event_id, names_event = excluded.names_event, start_us = excluded.start_us, end_us = excluded.end_us, report = excluded.report
)
INSERT INTO call_candidate_keys (tenant_id, match_key, output, emitter, observation)
SELECT tenant_id, unnest(match_keys), unnest(outputs), unnest(emitters), observation FROM candidate_staging
ON CONFLICT DO NOTHING`;

type Row = { report: string; event_id: string | null };

/** The candidates of a tenant in the database; every method runs in the caller's transaction. */
export class CandidateTable {
  readonly #prepared = new WeakSet<Client>();

  /** What a session needs, once; outside of a transaction. */
  async prepare(client: Client): Promise<void> {
    if (this.#prepared.has(client)) return;
    await client.query(STAGING);
    this.#prepared.add(client);
  }

  /** Until the end of the transaction. Tenants must be locked in one order. */
  async lock(client: Client, tenantId: string): Promise<void> {
    await client.query({ name: 'lock-candidates', text: LOCK }, [tenantId]);
  }

  /** All that reports could belong to, and what else of it counts: see `reconcile`. */
  async find(client: Client, tenantId: string, incoming: readonly CallReport[]): Promise<StoredCandidate[]> {
    const found = new Map<string, StoredCandidate>();
    const askedEvents = new Set<string>();
    const add = async (observations: ReadonlySet<string>): Promise<StoredCandidate[]> => {
      const fresh: StoredCandidate[] = [];
      const take = (rows: readonly Row[]): StoredCandidate[] =>
        rows.flatMap(({ report: json, event_id }) => {
          const candidate = { report: JSON.parse(json) as CallReport, eventId: event_id };
          if (found.has(candidate.report.observationId)) return [];
          found.set(candidate.report.observationId, candidate);
          fresh.push(candidate);
          return [candidate];
        });
      if (observations.size === 0) return fresh;
      let newest = take((await client.query<Row>(READ, [tenantId, [...observations]])).rows);
      // An event is looked at with all of its reports, or it would be made of some of them.
      for (;;) {
        const events = [...new Set(newest.flatMap(({ eventId }) => eventId ?? []))].filter(
          (id) => !askedEvents.has(id),
        );
        if (events.length === 0) return fresh;
        for (const id of events) askedEvents.add(id);
        newest = take(
          (await client.query<Row>(READ_MEMBERS, [tenantId, events, events.map(eventUuidOf)])).rows,
        );
      }
    };
    const first = await this.#sharing(client, tenantId, incoming);
    // A re-send is known by itself, whatever its times.
    for (const { observationId } of incoming) first.add(eventUuidOf(observationId));
    let fresh = await add(first);
    for (let round = 0; round < LOOK_AROUND_ROUNDS && fresh.length > 0; round += 1) {
      const around = fresh.filter(isLookedAround).map(({ report }) => report);
      fresh = await add(await this.#sharing(client, tenantId, around));
    }
    return [...found.values()];
  }

  /** Those that share a key with a report at an overlapping time. */
  async #sharing(client: Client, tenantId: string, reports: readonly CallReport[]): Promise<Set<string>> {
    const [keys, lowest, highest, except]: [bigint[], number[], number[], bigint[]] = [[], [], [], []];
    const [starts, ends]: [number[], number[]] = [[], []];
    for (const report of reports) {
      for (const asked of askedKeys(report)) {
        keys.push(hashKey(asked.key));
        lowest.push(asked.lowest);
        highest.push(asked.highest);
        except.push(hashKey(asked.except));
        starts.push(report.relation.startUs - SLACK_US);
        ends.push(report.relation.endUs + SLACK_US);
      }
    }
    if (keys.length === 0) return new Set();
    // Unnamed, like all that looks for candidates: a plan that was made when there were few would be kept for when there are many.
    const { rows } = await client.query<{ observation: string }>(FIND, [
      tenantId,
      keys,
      lowest,
      highest,
      except,
      starts,
      ends,
    ]);
    return new Set(rows.map(({ observation }) => observation));
  }

  /** Writes new candidates, and those whose event or report changed. */
  async keep(
    client: Client,
    candidates: readonly { tenantId: string; candidate: StoredCandidate }[],
  ): Promise<void> {
    if (candidates.length === 0) return;
    await copyLines(
      client,
      COPY_STAGING,
      candidates.map(({ tenantId, candidate: { report, eventId } }) => {
        const keys = keptKeys(report);
        const fields = [
          tenantId,
          eventUuidOf(report.observationId),
          eventId,
          eventId === report.observationId,
          report.relation.startUs,
          report.relation.endUs,
          JSON.stringify(report),
          `{${keys.map(({ key }) => hashKey(key)).join(',')}}`,
          `{${keys.map(({ output }) => output).join(',')}}`,
          `{${keys.map(({ emitter }) => hashKey(emitter)).join(',')}}`,
        ];
        return `${fields.map(copyField).join('\t')}\n`;
      }),
    );
    await client.query({ name: 'keep-candidates', text: KEEP });
  }
}

/** Forgets candidates whose window is over. Every replica may: what one has removed, the other does not find. */
export async function forgetOldCandidates(database: Queryable): Promise<void> {
  for (const table of ['call_candidate_keys', 'call_candidates'])
    await database.query(`DELETE FROM ${table} WHERE seen_at < now() - interval '${CANDIDATE_WINDOW}'`);
}

/** 64 bits of a key: a collision only makes the matcher look at a report more. */
function hashKey(key: string): bigint {
  return hash('md5', key, 'buffer').readBigInt64LE(0);
}
