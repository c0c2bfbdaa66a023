import { randomUUID } from 'node:crypto';
import type { Pool } from '../database/pool.ts';
import { Repeating } from '../repeating.ts';
import { claimDeliveries, forgetOld, giveUpOld, settleDelivery, type Claim } from './delivery-claims.ts';
import type { NotificationCounters } from './metrics.ts';
import { routeChanges } from './router.ts';
import type { SecretKeeper } from './secrets.ts';
import { sendToChannel } from './send-to-channel.ts';
import type { Sender } from './sender.ts';

/** An alert waits so long at the most before it is looked at, beside its route's waiting time. */
const LOOK_EVERY_MS = 1_000;
const GIVE_UP_EVERY_MS = 60_000;
const FORGET_EVERY_MS = 60 * 60_000;
/** How long the log of deliveries goes back. */
const KEEP_DELIVERIES_DAYS = 90;
/** Tries under way in one process. Mostly waiting for receivers, so it costs little; a bound for many that hang. */
const MAX_CONCURRENT = 8;

export interface WorkerOptions {
  pool: Pool;
  sender: Sender;
  keeper: SecretKeeper;
  counters: NotificationCounters;
  log: {
    info: (details: object, message: string) => void;
    warn: (details: object, message: string) => void;
    error: (details: object, message: string) => void;
  };
  /** The database's clock unless a test says otherwise. */
  clock?: () => Date;
}

/**
 * Makes messages of what is in alert_outbox and sends them. Every replica has one; the database gives each message to one of them, and
 * gives it to another one when that one dies.
 */
export class NotificationWorker {
  readonly #options: WorkerOptions;
  readonly #id = randomUUID();
  readonly #underWay = new Set<Promise<void>>();
  /** One look at a time; a try that ends makes the next one, since its channel may have more to send. */
  readonly #looking: Repeating;
  #isStopping = false;
  #gaveUpAt = -Infinity;
  #forgotAt = -Infinity;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#looking = new Repeating(
      () => this.#look(),
      (err) => options.log.error({ err }, 'notifications could not be handled; trying again'),
    );
  }

  start(everyMs = LOOK_EVERY_MS): void {
    this.#looking.start(everyMs);
  }

  /** Lets the tries under way come to their end; the rest is for other replicas, or for the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#looking.stop();
    await Promise.all(this.#underWay);
  }

  /** Routes and sends until nothing is due. @returns how many tries there were */
  async round(): Promise<number> {
    await this.#route();
    await this.#tidy();
    let tries = 0;
    for (;;) {
      const begun = await this.#begin();
      if (begun === 0) return tries;
      tries += begun;
      await Promise.all(this.#underWay);
    }
  }

  async #look(): Promise<void> {
    await this.#route();
    await this.#begin();
    await this.#tidy();
  }

  #now(): Date | null {
    return this.#options.clock?.() ?? null;
  }

  async #route(): Promise<void> {
    const { pool, counters, log } = this.#options;
    for (;;) {
      const routed = await routeChanges(pool, this.#now());
      if (routed === undefined || routed.changes === 0) return;
      counters.countUnrouted(routed.unrouted);
      log.info(routed, 'changes of alerts routed');
    }
  }

  /** Begins as many tries as there is room for. */
  async #begin(): Promise<number> {
    const room = MAX_CONCURRENT - this.#underWay.size;
    if (room <= 0 || this.#isStopping) return 0;
    const claims = await claimDeliveries(this.#options.pool, this.#id, room, this.#now());
    for (const claim of claims) {
      const attempt = this.#attempt(claim)
        .catch((err: unknown) =>
          // The claim runs out, and the message is sent again: with the same key, so that the receiver can tell.
          this.#options.log.error(
            { err, deliveryId: claim.deliveryId },
            'what became of a notification could not be written',
          ),
        )
        .finally(() => {
          this.#underWay.delete(attempt);
          this.#looking.wake();
        });
      this.#underWay.add(attempt);
    }
    return claims.length;
  }

  async #attempt(claim: Claim): Promise<void> {
    const { pool, counters, log } = this.#options;
    const begunAt = performance.now();
    const outcome = await sendToChannel(this.#options, claim.channel, claim.message);
    const status = await settleDelivery(pool, claim, outcome, performance.now() - begunAt, this.#now());
    const { deliveryId, attempts, channel } = claim;
    const details = { deliveryId, attempts, tenant: channel.tenantId, channelId: channel.channelId };
    if (status === undefined) {
      log.warn(details, 'a notification took so long that another replica has taken it over');
      return;
    }
    counters.countAttempt(channel.type, status);
    if (status === 'delivered') log.info(details, 'notification sent');
    else
      log.warn(
        { ...details, status, reason: outcome.kind === 'delivered' ? undefined : outcome.error },
        'notification not sent',
      );
  }

  async #tidy(): Promise<void> {
    const { pool } = this.#options;
    const now = performance.now();
    if (now - this.#gaveUpAt >= GIVE_UP_EVERY_MS) {
      this.#gaveUpAt = now;
      await giveUpOld(pool, this.#now());
    }
    if (now - this.#forgotAt >= FORGET_EVERY_MS) {
      this.#forgotAt = now;
      await forgetOld(pool, KEEP_DELIVERIES_DAYS, this.#now());
    }
  }
}
