import { inTransaction, type Pool, type Queryable } from '../database/pool.ts';
import { Repeating } from '../repeating.ts';
import { readRollupEdge } from '../usage/answer-parts.ts';
import { sourceOf } from '../usage/rollup-source.ts';
import { filteredDimensions } from '../usage/filters.ts';
import { advance } from './advance.ts';
import { ALERT_COLUMNS, handlingOf, stateOf, type AlertRow } from './alert.ts';
import { metricOf } from './alert-metrics.ts';
import { endOrphans } from './end-alerts.ts';
import type { Observation } from './judge.ts';
import { NOTHING_DONE, settle } from './notices.ts';
import { observe, type LiveMembers, type MemberSeen, type RuleSeen } from './observe.ts';
import { observeAnomalies } from './observe-anomalies.ts';
import { observeBudgets } from './observe-budgets.ts';
import { LostRound, RoundClaim } from './round-claim.ts';
import type { Rule } from './rule.ts';
import { listEnabledRules } from './rule-store.ts';
import { writeLooks } from './rule-looks.ts';
import { writeChanges, type AlertChange } from './write-alerts.ts';

/** An event is told of at the latest this long after it is in the rollups, plus the time of a round. */
export const EVALUATE_EVERY_MS = 10_000;
/** A replica that has not renewed its turn for this long is taken for dead. */
const LEASE_MS = 10_000;
/** Reading for rules of one kind gets at most this share of the time. */
const BUSY_SHARE = 0.3;
/** Alerts that a rule has open at once. */
const MAX_OPEN_ALERTS = 100;
/** How often the value of an alert that goes on is written. */
const VALUE_EVERY_MS = 30_000;
/** Searches for anomalies of one round: each reads eight weeks. */
const ANOMALIES_A_ROUND = 20;
/** How often the last look at each rule is kept. */
const LOOKS_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface AlertEvaluatorOptions {
  /** For the rules and for statements that write. */
  pool: Pool;
  /** For usage. */
  readPool: Pool;
  log: {
    info: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
  everyMs?: number;
  leaseMs?: number;
  busyShare?: number;
  /** Epoch milliseconds, for tests; the database's clock where there is none. Nothing later than what the rollups have is looked at in any case. */
  clock?: () => number;
}

export interface Round {
  changes: number;
  rules: number;
  failedRules: number;
}

/**
 * Moves all tenants' alerts in rounds. Every replica ticks, and for each round the database lets one act. A round reads usage for all rules that are alike
 * in one statement, and writes only what moved: state, timeline and outbox of a tenant in one transaction.
 */
export class AlertEvaluator {
  readonly #options: AlertEvaluatorOptions & { everyMs: number; leaseMs: number; busyShare: number };
  readonly #rounds: Repeating;
  /** By kind of rule: not to be read again before. */
  readonly #notBefore = new Map<string, number>();
  /** By rule: the hour until which anomalies were looked for, and what was found. */
  readonly #anomalies = new Map<number, { key: string; seen: RuleSeen }>();
  #looksWrittenAt = -Infinity;
  #hadBroken = false;

  constructor(options: AlertEvaluatorOptions) {
    this.#options = {
      everyMs: EVALUATE_EVERY_MS,
      leaseMs: LEASE_MS,
      busyShare: BUSY_SHARE,
      ...options,
    };
    this.#rounds = new Repeating(
      () => this.round(),
      (err) => options.log.error({ err }, 'alert rules could not be evaluated; trying again'),
    );
  }

  start(): void {
    this.#rounds.start(this.#options.everyMs);
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /**
   * One round, if the database grants it.
   * @returns undefined when it is another replica's turn
   */
  async round(): Promise<Round | undefined> {
    const { pool, everyMs, leaseMs, log } = this.#options;
    const claim = await RoundClaim.take(pool, everyMs, leaseMs, (err) =>
      log.error({ err }, 'the turn to evaluate alerts could not be renewed'),
    );
    if (!claim) return undefined;
    const startedAt = performance.now();
    let figures: Parameters<RoundClaim['end']>[0];
    try {
      const { untilMs, nowMs } = await this.#now();
      const round = await this.#evaluate(claim, untilMs, nowMs);
      figures = {
        evaluatedUntilMs: untilMs,
        durationSeconds: (performance.now() - startedAt) / 1000,
        rules: round.rules,
        failedRules: round.failedRules,
      };
      return round;
    } catch (error) {
      // The other one goes on; there is nothing to repeat.
      if (error instanceof LostRound) return undefined;
      throw error;
    } finally {
      await claim.end(figures);
    }
  }

  async #now(): Promise<{ untilMs: number; nowMs: number }> {
    const { readPool, clock } = this.#options;
    const { asOf, completeUntil } = await readRollupEdge(readPool);
    const nowMs = clock?.() ?? asOf.getTime();
    return { nowMs, untilMs: Math.min(nowMs, completeUntil.getTime()) };
  }

  async #evaluate(claim: RoundClaim, untilMs: number, nowMs: number): Promise<Round> {
    const { pool, log } = this.#options;
    const broken = new Map<number, string>();
    const rules = await listEnabledRules(pool, (row, err) => {
      broken.set(row.alert_rule_id, messageOfError(err));
      log.error({ err, tenantId: row.tenant_id, ruleId: row.alert_rule_id }, 'an alert rule cannot be read');
    });
    await inTransaction(pool, async (client) => {
      await claim.hold(client);
      await endOrphans(client, nowMs);
    });
    const live = await readLive(pool);
    const seen = await this.#observeAll(rules, untilMs, live, broken);
    const moved = seen.filter((one) => changesOf(one, live.get(one.rule.ruleId) ?? [], nowMs).isChanged);
    let changes = 0;
    for (const [tenantId, ofTenant] of Map.groupBy(moved, ({ rule }) => rule.tenantId)) {
      try {
        changes += await this.#write(claim, ofTenant, nowMs);
      } catch (err) {
        if (err instanceof LostRound) throw err;
        // One tenant's trouble is not the others'.
        for (const { rule } of ofTenant) broken.set(rule.ruleId, 'its alerts could not be written');
        log.error({ err, tenantId }, "a tenant's alerts could not be written");
      }
    }
    if (broken.size > 0 || this.#hadBroken || nowMs - this.#looksWrittenAt >= LOOKS_EVERY_MS) {
      await inTransaction(pool, async (client) => {
        await claim.hold(client);
        await writeLooks(client, seen, broken, nowMs);
      });
      this.#looksWrittenAt = nowMs;
      this.#hadBroken = broken.size > 0;
    }
    return { changes, rules: rules.length, failedRules: broken.size };
  }

  async #observeAll(
    rules: readonly Rule[],
    untilMs: number,
    live: ReadonlyMap<number, AlertRow[]>,
    broken: Map<number, string>,
  ): Promise<RuleSeen[]> {
    const { readPool, busyShare } = this.#options;
    const members: LiveMembers = new Map(
      [...live].map(([ruleId, rows]) => [ruleId, rows.map(({ member }) => member)]),
    );
    const seen: RuleSeen[] = [];
    for (const [kind, alike] of Map.groupBy(rules, kindOf)) {
      const startedAt = performance.now();
      if (startedAt < (this.#notBefore.get(kind) ?? 0)) continue;
      if (kind === 'anomalies') seen.push(...(await this.#observeAnomalies(alike, untilMs, broken)));
      else {
        const read = kind === 'budgets' ? observeBudgets : observe;
        seen.push(...(await this.#trying(alike, broken, (some) => read(readPool, some, untilMs, members))));
      }
      const took = performance.now() - startedAt;
      this.#notBefore.set(kind, performance.now() + took * (1 / busyShare - 1));
    }
    return seen.map((one) => withEnded(one, live.get(one.rule.ruleId) ?? [], untilMs));
  }

  /** All at once; where that fails, by halves, until the rule that it fails for is alone. */
  async #trying(
    rules: readonly Rule[],
    broken: Map<number, string>,
    read: (rules: readonly Rule[]) => Promise<RuleSeen[]>,
  ): Promise<RuleSeen[]> {
    try {
      return await read(rules);
    } catch (err) {
      const [first] = rules;
      if (rules.length > 1) {
        const middle = Math.ceil(rules.length / 2);
        return [
          ...(await this.#trying(rules.slice(0, middle), broken, read)),
          ...(await this.#trying(rules.slice(middle), broken, read)),
        ];
      }
      if (first) {
        broken.set(first.ruleId, messageOfError(err));
        this.#options.log.error(
          { err, tenantId: first.tenantId, ruleId: first.ruleId },
          'an alert rule could not be evaluated',
        );
      }
      return [];
    }
  }

  async #observeAnomalies(
    rules: readonly Rule[],
    untilMs: number,
    broken: Map<number, string>,
  ): Promise<RuleSeen[]> {
    const seen: RuleSeen[] = [];
    let searches = 0;
    for (const rule of rules) {
      const key = `${Math.floor(untilMs / HOUR_MS)} ${rule.version}`;
      let known = this.#anomalies.get(rule.ruleId);
      if (known?.key !== key && searches < ANOMALIES_A_ROUND) {
        searches += 1;
        const [found] = await this.#trying([rule], broken, async () => [
          await observeAnomalies(this.#options.readPool, rule, untilMs),
        ]);
        if (found) this.#anomalies.set(rule.ruleId, (known = { key, seen: found }));
      }
      if (known) seen.push({ ...known.seen, rule });
    }
    for (const ruleId of this.#anomalies.keys())
      if (!rules.some((rule) => rule.ruleId === ruleId)) this.#anomalies.delete(ruleId);
    return seen;
  }

  /** Writes what moved of one tenant's rules, by what is there now: people may have acknowledged or resolved, or changed a rule, since it was read. */
  async #write(claim: RoundClaim, seen: readonly RuleSeen[], nowMs: number): Promise<number> {
    return inTransaction(this.#options.pool, async (client) => {
      await claim.hold(client);
      const ruleIds = seen.map(({ rule }) => rule.ruleId);
      const { rows: current } = await client.query<{ alert_rule_id: number; version: number }>(
        'SELECT alert_rule_id, version FROM alert_rules WHERE alert_rule_id = ANY($1) AND is_enabled ORDER BY alert_rule_id FOR SHARE',
        [ruleIds],
      );
      const versions = new Map(current.map(({ alert_rule_id, version }) => [alert_rule_id, version]));
      const live = await readLive(client, ruleIds);
      const changes: AlertChange[] = [];
      const dropped: number[] = [];
      for (const one of seen) {
        if (versions.get(one.rule.ruleId) !== one.rule.version) continue;
        const found = changesOf(one, live.get(one.rule.ruleId) ?? [], nowMs);
        one.leftOut += found.notOpened;
        changes.push(...found.changes);
        dropped.push(...found.dropped);
      }
      if (dropped.length > 0)
        await client.query(`DELETE FROM alerts WHERE alert_id = ANY($1) AND status = 'pending'`, [dropped]);
      await writeChanges(client, changes, nowMs);
      return changes.length + dropped.length;
    });
  }
}

/** What rules are read from: one kind that is slow does not hold up the others. */
function kindOf({ metric, filters, groupBy }: Rule): string {
  const { from } = metricOf(metric);
  if (from !== 'figures') return from;
  return sourceOf([...filteredDimensions(filters), ...(groupBy === null ? [] : [groupBy])]).kind;
}

function messageOfError(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unknown';
}

/** Alerts by rule that a round has to do with: open ones, those that are held down, and those that somebody has still to hear of. */
async function readLive(client: Queryable, ruleIds?: readonly number[]): Promise<Map<number, AlertRow[]>> {
  const { rows } = await client.query<AlertRow>(
    `SELECT ${ALERT_COLUMNS} FROM alerts
     WHERE (status <> 'resolved' OR is_held_down OR owed IS NOT NULL) AND source = 'rule'
       AND ${ruleIds === undefined ? 'alert_rule_id IS NOT NULL' : 'alert_rule_id = ANY($1) ORDER BY alert_id FOR UPDATE'}`,
    ruleIds === undefined ? [] : [ruleIds],
  );
  return Map.groupBy(rows, ({ alert_rule_id }) => alert_rule_id ?? 0);
}

/** Adds members that have an alert and were not found: budgets that are gone, anomalies that are over. They are not past anything. */
function withEnded(seen: RuleSeen, live: readonly AlertRow[], untilMs: number): RuleSeen {
  const { from } = metricOf(seen.rule.metric);
  if (from !== 'anomalies' && from !== 'budgets') return seen;
  const found = new Set(seen.members.map(({ memberKey }) => memberKey));
  const endMs =
    from === 'anomalies'
      ? Math.floor(untilMs / HOUR_MS) * HOUR_MS
      : (seen.members[0]?.closed.look.endMs ?? untilMs);
  const over: Observation = {
    look: { isClosed: true, startMs: endMs - HOUR_MS, endMs },
    verdict: 'recovered',
    value: null,
    baseline: null,
    isNoData: false,
  };
  const ended = live
    .filter(({ member_key }) => !found.has(member_key))
    .map((row): MemberSeen => ({
      dimension: row.dimension,
      member: row.member,
      memberKey: row.member_key,
      budgetId: row.budget_id,
      closed: over,
      open: undefined,
    }));
  return { ...seen, members: [...seen.members, ...ended] };
}

/** What a round makes of what was seen of one rule. */
function changesOf(
  { rule, members }: RuleSeen,
  live: readonly AlertRow[],
  nowMs: number,
): { changes: AlertChange[]; dropped: number[]; notOpened: number; isChanged: boolean } {
  const changes: AlertChange[] = [];
  const dropped: number[] = [];
  let [notOpened, open] = [0, live.filter(({ status }) => status !== 'resolved').length];
  const rows = Map.groupBy(live, ({ member_key }) => member_key);
  for (const { closed, open: openLook, ...of } of members) {
    // One that is over, whose end somebody has still to hear of, beside the one that is current.
    const ofMember = rows.get(of.memberKey) ?? [];
    const row = ofMember.find(({ status, is_held_down }) => status !== 'resolved' || is_held_down);
    for (const over of ofMember.filter((one) => one !== row)) {
      const { handling, entries, notice } = settle(rule, over, [], handlingOf(over), nowMs);
      if (notice !== undefined)
        changes.push({
          alertId: over.alert_id,
          rule,
          ...of,
          state: stateOf(over),
          handling,
          entries,
          notice,
        });
    }
    const before = row && stateOf(row);
    const { state, transitions } = advance(rule, before, closed, openLook);
    if (state === undefined) {
      if (row) dropped.push(row.alert_id);
      continue;
    }
    if (!row && open >= MAX_OPEN_ALERTS) {
      notOpened += 1;
      continue;
    }
    if (!row) open += 1;
    const handled = row ? handlingOf(row) : NOTHING_DONE;
    const { handling, entries, notice } = settle(rule, state, transitions, handled, nowMs);
    const isMoved =
      transitions.length > 0 ||
      entries.length > 0 ||
      notice !== undefined ||
      handling.owed !== handled.owed ||
      Math.abs(state.windowEndMs - (before?.windowEndMs ?? 0)) >= VALUE_EVERY_MS ||
      state.breachedUntilMs - (before?.breachedUntilMs ?? 0) >= VALUE_EVERY_MS;
    if (isMoved) changes.push({ alertId: row?.alert_id, rule, ...of, state, handling, entries, notice });
  }
  return { changes, dropped, notOpened, isChanged: changes.length > 0 || dropped.length > 0 };
}
