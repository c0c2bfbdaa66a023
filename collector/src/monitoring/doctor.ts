import type { Engine } from '../database/engine.ts';
import type { Pool } from '../database/pool.ts';
import { openToEverybody } from '../sql-access/harden.ts';
import { examineReaderRole } from '../sql-access/reader-role.ts';

export interface Finding {
  /** ok: nothing to do; advice: would be better otherwise; problem: needs somebody. */
  level: 'ok' | 'advice' | 'problem';
  subject: string;
  /** What was found, and what to change, in words. */
  text: string;
}

const MB = 1024 * 1024;
/** A rollup of nearly as many rows as the log answers no faster than the log. */
const POOR_RATIO = 3;
/** Below this a ratio says nothing. */
const FEW_EVENTS = 10_000;
const ROLLUPS = [
  'usage_rollup_quarter_hour',
  'usage_rollup_day',
  'usage_rollup_hour_by_model',
  'usage_rollup_total',
  'usage_rollup_latency',
];

/** Looks at the database as an operator would, and says what to change. Only reads. */
export async function examine(pool: Pool, engine: Engine): Promise<Finding[]> {
  return [
    { level: 'ok', subject: 'engine', text: engine.description },
    ...(await examineSettings(pool)),
    ...(await examineClock(pool)),
    ...(await examineRollups(pool)),
    ...(engine.kind === 'timescaledb' ? await examineChunks(pool) : []),
    ...(await examineQueue(pool)),
    ...(await examineReadingPath(pool)),
  ];
}

async function examineSettings(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{
    fsync: string;
    commit: string;
    connections: number;
    used: number;
    read_only: boolean;
  }>(
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('max_connections')::int AS connections,
            (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used, pg_is_in_recovery() AS read_only`,
  );
  const [found] = rows;
  if (!found) return [];
  const findings: Finding[] = [];
  if (found.fsync === 'off' || found.commit === 'off') {
    findings.push({
      level: 'problem',
      subject: 'durability',
      text: `fsync is ${found.fsync} and synchronous_commit is ${found.commit}: a crash of the server may lose events that were acknowledged. Set both to on.`,
    });
  }
  if (found.read_only)
    findings.push({
      level: 'problem',
      subject: 'server',
      text: 'The server is a read-only replica; events cannot be stored here.',
    });
  const share = found.used / found.connections;
  findings.push({
    level: share > 0.8 ? 'problem' : 'ok',
    subject: 'connections',
    text: `${found.used} of ${found.connections} are in use${share > 0.8 ? '; raise max_connections, or run fewer collectors' : ''}.`,
  });
  return findings;
}

async function examineClock(pool: Pool): Promise<Finding[]> {
  const before = Date.now();
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const middle = (before + Date.now()) / 2;
  const skewMs = Math.round((rows[0]?.now.getTime() ?? middle) - middle);
  const isFar = Math.abs(skewMs) > 2_000;
  return [
    {
      level: isFar ? 'problem' : 'ok',
      subject: 'clock',
      text: `The database's clock is ${skewMs} ms ahead of this machine's${isFar ? '; synchronise both, or events are refused as being in the future' : ''}.`,
    },
  ];
}

async function examineRollups(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{ rollup: string; rows: number; events: number }>(
    `SELECT rollup, rows, (SELECT coalesce(sum(request_count), 0)::bigint FROM usage_rollup_day) AS events FROM (
       ${ROLLUPS.map((rollup) => `SELECT '${rollup}' AS rollup, count(*) AS rows FROM ${rollup}`).join(' UNION ALL ')}) counted`,
  );
  return rows.map(({ rollup, rows: count, events }) => {
    const ratio = count === 0 ? 0 : events / count;
    // Fine-grained ones are as large as the log wherever there are few calls an hour; the daily one tells of the ids.
    const isPoor = rollup === 'usage_rollup_day' && events > FEW_EVENTS && ratio < POOR_RATIO;
    return {
      level: isPoor ? 'advice' : 'ok',
      subject: rollup,
      text: `${count} rows for ${events} events, 1 to ${ratio.toFixed(1)}${isPoor ? '; prompts or versions that are new with every call make it as large as the log: use ids that repeat' : ''}.`,
    };
  });
}

async function examineChunks(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{
    largest: string;
    memory: string;
    interval: string;
    seconds: number;
    chunks: number;
  }>(
    `SELECT coalesce(max(s.total_bytes), 0)::text AS largest, pg_size_bytes(current_setting('shared_buffers'))::text AS memory,
            (SELECT time_interval::text FROM timescaledb_information.dimensions WHERE hypertable_name = 'client_usage_logs') AS interval,
            (SELECT extract(epoch FROM time_interval)::int FROM timescaledb_information.dimensions WHERE hypertable_name = 'client_usage_logs') AS seconds,
            count(*)::int AS chunks
     FROM chunks_detailed_size('client_usage_logs') s`,
  );
  const [found] = rows;
  if (!found) return [];
  const [largest, memory] = [Number(found.largest), Number(found.memory)];
  const text = `${found.chunks} chunks of ${found.interval}, the largest ${Math.round(largest / MB)} MB; shared_buffers is ${Math.round(memory / MB)} MB`;
  if (largest <= memory / 4) return [{ level: 'ok', subject: 'chunks', text: `${text}.` }];
  const hours = Math.max(1, Math.floor((found.seconds / 3600) * (memory / 4 / largest)));
  return [
    {
      level: 'advice',
      subject: 'chunks',
      text: `${text}. The newest should fit into a quarter of it: SELECT set_chunk_time_interval('client_usage_logs', INTERVAL '${hours} hours'), or more shared_buffers.`,
    },
  ];
}

async function examineQueue(pool: Pool): Promise<Finding[]> {
  const { rows } = await pool.query<{ ranges: number; minutes: number }>(
    `SELECT count(*)::int AS ranges, coalesce(extract(epoch FROM now() - min(queued_at)) / 60, 0)::int AS minutes FROM usage_refresh_queue`,
  );
  const { ranges = 0, minutes = 0 } = rows[0] ?? {};
  const isBehind = minutes > 10;
  return [
    {
      level: isBehind ? 'problem' : 'ok',
      subject: 'late events',
      text: `${ranges} ranges wait for their refresh${isBehind ? `, the oldest for ${minutes} minutes: is a collector running, and can it refresh (see its log)?` : '.'}`,
    },
  ];
}

/** That analytics questions can change nothing, and what roles of tenants may do beside reading. */
async function examineReadingPath(pool: Pool): Promise<Finding[]> {
  const missing = await examineReaderRole(pool);
  const findings: Finding[] = [
    {
      level: missing === null ? 'ok' : 'advice',
      subject: 'reading path',
      text:
        missing === null
          ? 'questions are asked by a role that may only read.'
          : `questions are asked in read-only transactions, without a role that may only read: ${missing}`,
    },
  ];
  const { rows } = await pool.query<{ roles: number }>('SELECT count(*)::int AS roles FROM sql_roles');
  const roles = rows[0]?.roles ?? 0;
  if (roles === 0) return findings;
  const open = await openToEverybody(pool);
  findings.push({
    level: open.length === 0 ? 'ok' : 'advice',
    subject: 'SQL roles',
    text:
      open.length === 0
        ? `${roles}; they may read the views of their tenants and nothing else.`
        : `${roles}; as every role of this database they may ${open.join(', ')}, which only a superuser can take away: see docs/sql.md. The collector ends sessions that do harm.`,
  });
  return findings;
}
