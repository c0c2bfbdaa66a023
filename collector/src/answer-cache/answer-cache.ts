import { createCache } from 'async-cache-dedupe';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Counter, type Registry } from 'prom-client';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { VERSION } from '../version.ts';
import { AnswerStore } from './answer-store.ts';
import { CACHED_ROUTES, type CachedRoute } from './cached-routes.ts';
import { hasAlready, wantsFresh } from './conditional-request.ts';
import { DataVersions, foldVersions } from './data-version.ts';
import { isComplete, keepAnswer, withAge, type KeptAnswer } from './kept-answer.ts';
import { questionOf, type Question } from './question-key.ts';
import { RedisAnswers } from './redis-answers.ts';

/** How long an answer is kept whose period reaches to now, or that late data still waits to get into. */
const NEAR_NOW_SECONDS = 10;
/**
 * A period that ended less than this ago reaches to now. Events that come with older times than 10 minutes are a change of the past
 * (LATE_ANSWERS in ingest/stored-events.ts); the 5 minutes between are for clocks and commits.
 */
const NEAR_NOW_MS = 15 * 60_000;
/** A client asks again after this time at the latest, and is told 304 where nothing changed: it cannot know when the past does. */
const CLIENT_SECONDS = 10;
const FOLD_EVERY_MS = 3_600_000;

interface AnswerCacheOptions {
  /** How long answers are kept; 0 keeps none. */
  seconds: number;
  maxBytes: number;
  redisUrl: string | undefined;
  pool: Pool;
  /** Of the database that answers are read from, and for this alone: a kept answer must not wait behind those that are computed. */
  versionPool: Pool;
  authenticator: Authenticator;
  /** Another number for every state of the price book. */
  priceBookVersion: () => number;
  registry: Registry;
  log: FastifyBaseLogger;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;
type Outcome = 'hit' | 'miss' | 'bypass' | 'not_modified';

/**
 * Keeps the answers of CACHED_ROUTES, which are registered after this: by tenant, route, question and the version of the tenant's past. Questions that
 * are asked while the same one is being answered get that answer, so that a stampede costs one. Answers have an ETag, and their age in
 * `freshness.cache_age_seconds`. The key is checked on every request.
 */
export function cacheAnswers(app: FastifyInstance, options: AnswerCacheOptions): void {
  const { seconds, authenticator, pool, log } = options;
  const requests = new Counter({
    name: 'promptops_answer_cache_requests_total',
    help: 'Analytics questions by what became of them: hit, miss, bypass (asked for a fresh answer, or nothing is kept); and how many of all were answered 304 (not_modified)',
    labelNames: ['outcome'],
    registers: [options.registry],
  });
  const count = (outcome: Outcome): void => requests.inc({ outcome });
  const versions = new DataVersions(options.versionPool);
  const redis =
    options.redisUrl === undefined || seconds === 0
      ? undefined
      : new RedisAnswers(options.redisUrl, `promptops:answers:${VERSION}:`, log);
  const store = new AnswerStore(options.maxBytes, redis);
  const cache = createCache({ storage: { type: 'custom', options: { storage: store as never } } }).define(
    'answer',
    {
      ttl: ({ ttlSeconds }: KeptAnswer) => ttlSeconds,
      serialize: ({ key }: { key: string }) => key,
    },
    ({ compute }: { key: string; compute: () => Promise<KeptAnswer> }) => compute(),
  );

  const fold = (): Promise<void> =>
    foldVersions(pool).catch((err: unknown) =>
      log.warn({ err }, 'the versions of answers could not be added up; trying again'),
    );
  app.addHook('onReady', fold);
  const timer = setInterval(() => void fold(), FOLD_EVERY_MS).unref();
  app.addHook('onClose', () => {
    clearInterval(timer);
    redis?.stop();
  });

  const answer = async (
    route: CachedRoute & { url: string },
    request: FastifyRequest,
    reply: FastifyReply,
    handler: Handler,
  ): Promise<unknown> => {
    const { tenantId } = await authenticator.require(request, 'read');
    const question = readQuestion(request);
    const own = { wasComputed: false };
    const compute = async (): Promise<KeptAnswer> => {
      own.wasComputed = true;
      return computeAnswer(handler, request, reply, (isWhole) => ttlOf(route, question, isWhole));
    };
    let kept: KeptAnswer;
    if (question === undefined || seconds === 0 || wantsFresh(request.headers)) {
      kept = await compute();
      count('bypass');
    } else {
      const parts = [
        tenantId,
        await versions.of(tenantId),
        route.dependsOnPriceBook ? options.priceBookVersion() : '',
        route.url,
        question.text,
      ];
      kept = await cache.answer({ key: JSON.stringify(parts), compute });
      count(own.wasComputed ? 'miss' : 'hit');
    }
    return give(
      request,
      reply,
      kept,
      own.wasComputed ? 0 : Math.max(0, Date.now() - kept.computedAtMs) / 1000,
    );
  };

  const ttlOf = (route: CachedRoute, question: Question | undefined, isWhole: boolean): number => {
    if (question === undefined) return 0;
    const reachesNow = route.isAboutNow === true || question.endMs > Date.now() - NEAR_NOW_MS;
    return reachesNow || !isWhole ? Math.min(seconds, NEAR_NOW_SECONDS) : seconds;
  };

  const give = (
    request: FastifyRequest,
    reply: FastifyReply,
    kept: KeptAnswer,
    ageSeconds: number,
  ): FastifyReply => {
    const left = Math.max(0, Math.min(CLIENT_SECONDS, Math.floor(kept.ttlSeconds - ageSeconds)));
    void reply
      .header('etag', kept.etag)
      .header('cache-control', `private, max-age=${left}`)
      // Another key, or another session, may be another tenant.
      .header('vary', 'authorization, x-api-key, cookie');
    if (hasAlready(request.headers, kept.etag)) {
      count('not_modified');
      return reply.code(304).send();
    }
    const { body, bytes } = withAge(kept, Math.round(ageSeconds * 1000) / 1000);
    return reply.type('application/json; charset=utf-8').header('content-length', bytes).send(body);
  };

  const seen = new Set<Handler>();
  app.addHook('onRoute', (route: RouteOptions) => {
    const cached = CACHED_ROUTES[route.url];
    // HEAD is a route of its own, made of the GET as it was told.
    if (!cached || (route.method !== 'GET' && route.method !== 'HEAD')) return;
    const handler = route.handler as unknown as Handler;
    if (seen.has(handler)) return;
    const { url } = route;
    const keeping: Handler = (request, reply) =>
      answer({ ...cached, url }, request, reply, handler.bind(app));
    seen.add(keeping);
    route.handler = keeping;
    route.schema = {
      ...route.schema,
      response: { ...(route.schema?.response as object), 304: NOT_MODIFIED },
    };
  });
}

const NOT_MODIFIED = Type.Null({
  description: 'The content is the one of If-None-Match. Every answer has an ETag and Cache-Control.',
});

/** undefined for times that do not make a range: whether that is a mistake is for the route to say, which may have other defaults. */
function readQuestion(request: FastifyRequest): Question | undefined {
  try {
    return questionOf(request.query as Record<string, unknown>, Date.now());
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function computeAnswer(
  handler: Handler,
  request: FastifyRequest,
  reply: FastifyReply,
  ttlOf: (isWhole: boolean) => number,
): Promise<KeptAnswer> {
  // Before its snapshot is taken: it is at most as old as it says.
  const startMs = Date.now();
  const answer = (await handler(request, reply)) as { freshness: { as_of: string; complete_until: string } };
  const toJson = reply.getSerializationFunction('200') as ((payload: unknown) => string) | undefined;
  if (!toJson) throw new Error('A route whose answers are kept has a schema of its answer.');
  return keepAnswer(toJson(answer), answer.freshness, startMs, ttlOf(isComplete(answer.freshness)));
}
