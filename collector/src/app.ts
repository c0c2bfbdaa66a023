import { randomUUID } from 'node:crypto';
import fastifyHelmet from '@fastify/helmet';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { AlertFeed } from './alerts/alert-feed.ts';
import { alertRoutes } from './alerts/alert-routes.ts';
import { AlertEvaluator } from './alerts/evaluator.ts';
import { grafanaRoutes } from './alerts/grafana-routes.ts';
import { alertMetrics } from './alerts/metrics.ts';
import { alertRuleRoutes } from './alerts/rule-routes.ts';
import { alertStreamRoute } from './alerts/stream-route.ts';
import { allocationRoutes } from './allocation/routes.ts';
import { cacheAnswers } from './answer-cache/answer-cache.ts';
import { analyticsPage } from './analytics-page/routes.ts';
import { BudgetCheck } from './budgets/check.ts';
import { DayHistory } from './budgets/day-history.ts';
import { BudgetEvaluator } from './budgets/evaluator.ts';
import { budgetMetrics } from './budgets/metrics.ts';
import { budgetRoutes } from './budgets/routes.ts';
import type { Configuration } from './configuration/configuration.ts';
import { readTrustedProxies } from './configuration/trusted-proxies.ts';
import type { Engine } from './database/engine.ts';
import { createPool, type Pool } from './database/pool.ts';
import { registerExports } from './exports/exports.ts';
import { forecastRoutes } from './forecast/routes.ts';
import { refuseOtherMethods } from './http/allowed-methods.ts';
import { answerClientError } from './http/client-errors.ts';
import { registerProblemJson, sendProblem, toProblem } from './http/problem-json.ts';
import { validateRequests } from './http/validation.ts';
import { importRoutes } from './import/routes.ts';
import { applyPrice } from './ingest/apply-price.ts';
import { ByteBudget } from './ingest/byte-budget.ts';
import { IngestCounters } from './ingest/counters.ts';
import { GroupCommit } from './ingest/group-commit.ts';
import { ingestRoutes } from './ingest/routes.ts';
import { UsageWriter } from './ingest/writer.ts';
import { CANDIDATE_SWEEP_MS, forgetOldCandidates } from './otlp/candidate-table.ts';
import { ReportWriter } from './otlp/report-writer.ts';
import { otlpRoutes } from './otlp/routes.ts';
import { TelemetrySubmitter } from './otlp/submit.ts';
import { telemetryUsageRoutes } from './otlp/usage-routes.ts';
import { healthRoutes } from './monitoring/health.ts';
import { metricsRoutes } from './monitoring/metrics.ts';
import { notificationMetrics } from './notifications/metrics.ts';
import { registerNotifications } from './notifications/notifications.ts';
import { describeApi } from './openapi/document.ts';
import { LivePrices } from './pricing/live-prices.ts';
import { pricingRoutes } from './pricing/routes.ts';
import { unpricedMetrics } from './pricing/unpriced-metrics.ts';
import { Repricing } from './repricing/reprice.ts';
import { repricingRoutes } from './repricing/routes.ts';
import { RepricingRunner } from './repricing/runner.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { Sessions } from './sessions/sessions.ts';
import { sqlAddress } from './sql-access/connection.ts';
import { prepareReaderSessions } from './sql-access/reader-role.ts';
import { grantNewViews, sqlRoleLimits } from './sql-access/role-store.ts';
import { sqlRoleRoutes } from './sql-access/routes.ts';
import { SqlSessionGuard } from './sql-access/session-guard.ts';
import { summaryRoutes } from './summary/routes.ts';
import { Authenticator } from './tenants/authenticator.ts';
import { tenantRoutes } from './tenants/routes.ts';
import { compareRoutes } from './usage/compare-routes.ts';
import { errorsRoutes } from './usage/errors-routes.ts';
import { eventsRoutes } from './usage/events-routes.ts';
import { latencyRoutes } from './usage/latency-routes.ts';
import { promptCacheRoutes } from './usage/prompt-cache-routes.ts';
import { UsageRefresher } from './usage/refresher.ts';
import { usageRoutes } from './usage/routes.ts';
import { trendsRoutes } from './usage/trends-routes.ts';

/** A tenant's reports are matched by one transaction at a time: a second one waits for its turn at the database, or is of other tenants. */
const REPORT_TRANSACTIONS = 2;

export interface AppOptions {
  configuration: Configuration;
  /** A database that `setUp` has prepared. */
  connectionString: string;
  engine: Engine['kind'];
  logger: FastifyBaseLogger;
}

/** Longest time that an analytics query may take. */
const READ_TIMEOUT_MS = 30_000;
const LAST_USED_EVERY_MS = 10_000;
/** How long late data waits for its refresh at the most, and how often the aggregates' edge moves up (TimescaleDB). */
const REFRESH_EVERY_MS = 2_000;
const ADVANCE_EVERY_MS = 60_000;

/** Composes the collector from its rooms; never listens. Closing it waits until what came in is committed. */
export async function createApp({
  configuration,
  connectionString,
  logger,
  engine,
}: AppOptions): Promise<FastifyInstance> {
  const onError = (err: Error): void => logger.warn({ err }, 'an idle database connection broke');
  const pool = createPool({ connectionString, max: 8, applicationName: 'promptops', onError });
  const writePool = createPool({
    connectionString,
    max: (configuration.INGEST_CONNECTIONS + REPORT_TRANSACTIONS) * 2,
    applicationName: 'promptops-ingest',
    // What changes in the columnstore is named by tenant and time (ingest/stored-events.ts), and repricing may well unpack more than the default limit.
    settings:
      engine === 'timescaledb' ? { 'timescaledb.max_tuples_decompressed_per_dml_transaction': '0' } : {},
    onError,
  });
  const readUrl = configuration.DATABASE_READ_URL ?? connectionString;
  const reader = await prepareReaderSessions(pool, readUrl, logger);
  await grantNewViews(pool);
  const readPool = createPool({
    connectionString: readUrl,
    max: 8,
    applicationName: 'promptops-analytics',
    statementTimeoutMs: READ_TIMEOUT_MS,
    // Answers are sums of some ten thousand rows: starting workers or compiling takes as long as adding them up (29 ms against 61 to 70 on
    // two busy cores), and the questions of a dashboard come side by side anyway.
    settings: { ...reader.settings, jit: 'off', max_parallel_workers_per_gather: '0' },
    onError,
  });

  const versionPool = createPool({
    connectionString: readUrl,
    max: 1,
    applicationName: 'promptops-answers',
    statementTimeoutMs: READ_TIMEOUT_MS,
    settings: reader.settings,
    onError,
  });

  const app = fastify({
    loggerInstance: logger,
    genReqId: () => randomUUID(),
    // A known path prefix in a proxy's log is enough; a caller's id is not trusted.
    requestIdHeader: false,
    trustProxy: readTrustedProxies(configuration.TRUSTED_PROXIES) ?? false,
    // As long as a line of a request may be: the routes' schemas say how long a parameter may be, as a problem.
    routerOptions: { maxParamLength: 16_384 },
    clientErrorHandler: answerClientError,
    // What the router itself cannot read, such as "%ZZ".
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, toProblem(error));
    },
    bodyLimit: 64 * 1024,
    requestTimeout: 60_000,
    return503OnClosing: true,
    forceCloseConnections: 'idle',
  }).withTypeProvider<TypeBoxTypeProvider>();
  registerProblemJson(app);
  validateRequests(app);
  refuseOtherMethods(app);

  // While closing, each answer ends its connection: one that stayed open would hold the shutdown up until it times out.
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    // What is answered to one session is for no cache that others share; a key's answers are private by their Authorization.
    if (request.headers.cookie !== undefined && !reply.hasHeader('cache-control'))
      void reply.header('cache-control', 'private, no-cache').header('vary', 'cookie');
    if (isClosing) void reply.header('connection', 'close');
    done();
  });

  await describeApi(app);
  await app.register(async (pages) => {
    // The headers of pages; API answers carry JSON that no browser renders, and forty directives an answer cost more than an event.
    await pages.register(fastifyHelmet, {
      // Whether there is TLS is the proxy's business: over plain HTTP these two would send the browser to an https:// that is not there.
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
      strictTransportSecurity: false,
    });
    await pages.register(fastifySwaggerUi, { routePrefix: '/docs' });
    await pages.register(analyticsPage);
  });

  const registry = new Registry();
  const counters = new IngestCounters(registry);
  const sessions = new Sessions({ pool, publicUrl: configuration.PUBLIC_URL });
  const authenticator = new Authenticator(pool, sessions);
  const pricer = await LivePrices.open(pool, logger);
  pricer.start();
  // Before the routes that it is about.
  cacheAnswers(app, {
    seconds: configuration.ANSWER_CACHE_SECONDS,
    maxBytes: configuration.ANSWER_CACHE_MAX_BYTES,
    redisUrl: configuration.REDIS_URL,
    pool,
    versionPool,
    authenticator,
    priceBookVersion: () => pricer.current.book.version,
    registry,
    log: logger,
  });
  const writer = new UsageWriter(
    writePool,
    engine,
    (row) => applyPrice(row, pricer),
    configuration.INGEST_COMMIT_TIMEOUT_MS,
  );
  const groupCommit = new GroupCommit(writer, {
    commitRows: configuration.INGEST_COMMIT_ROWS,
    commitDelayMs: configuration.INGEST_COMMIT_DELAY_MS,
    timeoutMs: configuration.INGEST_COMMIT_TIMEOUT_MS,
    concurrency: configuration.INGEST_CONNECTIONS,
    log: logger,
  });
  const budget = new ByteBudget(configuration.INGEST_MAX_PENDING_BYTES);

  await app.register(ingestRoutes, {
    configuration,
    pool,
    authenticator,
    budget,
    groupCommit,
    pricer,
    counters,
  });
  await app.register(importRoutes, {
    configuration,
    pool,
    authenticator,
    budget,
    groupCommit,
    pricer,
    counters,
  });
  const reportCommit = new GroupCommit(
    new ReportWriter(
      writePool,
      engine,
      (row) => applyPrice(row, pricer),
      configuration.INGEST_COMMIT_TIMEOUT_MS,
    ),
    {
      commitRows: configuration.INGEST_COMMIT_ROWS,
      commitDelayMs: configuration.INGEST_COMMIT_DELAY_MS,
      timeoutMs: configuration.INGEST_COMMIT_TIMEOUT_MS,
      concurrency: REPORT_TRANSACTIONS,
      log: logger,
    },
  );
  const telemetry = new TelemetrySubmitter({
    pool,
    groupCommit: reportCommit,
    counters,
    maxFutureMs: configuration.INGEST_MAX_FUTURE_SECONDS * 1000,
  });
  await app.register(otlpRoutes, {
    configuration,
    authenticator,
    budget,
    submit: telemetry.submit,
    noteThrottled: (tenantId) => {
      reportCommit.noteThrottled(tenantId, 1);
      counters.count({ throttled: 1 });
    },
  });
  await app.register(telemetryUsageRoutes, { readPool, authenticator });
  await app.register(pricingRoutes, { pool, readPool, authenticator, prices: pricer });
  await app.register(repricingRoutes, { pool, authenticator });
  await app.register(usageRoutes, { readPool, authenticator, pricer });
  await app.register(eventsRoutes, { readPool, authenticator, prices: pricer });
  await app.register(latencyRoutes, { readPool, authenticator });
  await app.register(errorsRoutes, { readPool, authenticator });
  await app.register(promptCacheRoutes, { readPool, authenticator, prices: pricer });
  await app.register(compareRoutes, { readPool, authenticator });
  await app.register(trendsRoutes, { readPool, authenticator });
  await app.register(allocationRoutes, { readPool, authenticator });
  await app.register(forecastRoutes, { readPool, authenticator });
  const budgetHistory = new DayHistory();
  const budgetCheck = new BudgetCheck({ pool, readPool, log: logger });
  await app.register(budgetRoutes, {
    pool,
    readPool,
    authenticator,
    check: budgetCheck,
    history: budgetHistory,
  });
  await app.register(summaryRoutes, { pool, readPool, authenticator, history: budgetHistory });
  const exports = await registerExports(app, {
    configuration,
    pool,
    readPool,
    read: { connectionString: readUrl, settings: reader.settings },
    authenticator,
    log: logger,
  });
  const notifications = await registerNotifications(app, {
    configuration,
    pool,
    authenticator,
    registry,
    log: logger,
  });
  await app.register(alertRuleRoutes, { pool, readPool, authenticator });
  await app.register(alertRoutes, { pool, authenticator });
  const alertFeed = new AlertFeed(pool, logger);
  await app.register(alertStreamRoute, { pool, authenticator, feed: alertFeed });
  await app.register(grafanaRoutes, { pool, authenticator });
  await app.register(sessionRoutes, { pool, sessions, authenticator });
  await app.register(tenantRoutes, { pool, authenticator });
  await app.register(sqlRoleRoutes, {
    pool,
    authenticator,
    address: sqlAddress(connectionString, configuration.SQL_ADDRESS),
    limits: sqlRoleLimits(configuration),
  });
  await app.register(healthRoutes, { pool });
  await app.register(metricsRoutes, {
    registry,
    authenticator,
    perPrincipal: [
      budgetMetrics(pool),
      unpricedMetrics(readPool),
      alertMetrics(pool),
      notificationMetrics(pool),
    ],
  });

  const refresher = engine === 'timescaledb' ? new UsageRefresher(pool, logger) : undefined;
  refresher?.start(REFRESH_EVERY_MS, ADVANCE_EVERY_MS);
  const repricing = new RepricingRunner({
    pool,
    repricing: new Repricing({ pool: writePool, engine, currentPricer: () => pricer.current.pricer }),
    refreshPrices: () => pricer.refresh(),
    log: logger,
  });
  const budgetEvaluator = new BudgetEvaluator({ pool, readPool, history: budgetHistory, log: logger });
  const alertEvaluator = new AlertEvaluator({ pool, readPool, log: logger });
  const sqlSessions = new SqlSessionGuard({
    pool,
    maxTransactionSeconds: 2 * configuration.SQL_STATEMENT_TIMEOUT_SECONDS,
    log: logger,
  });
  const background = [
    repricing,
    budgetEvaluator,
    alertEvaluator,
    budgetCheck,
    sqlSessions,
    notifications,
    exports,
  ];
  for (const one of background) one.start();

  const lastUsed = setInterval(() => {
    authenticator
      .writeLastUsed()
      .catch((err: unknown) => logger.warn({ err }, 'last-used times could not be written'));
  }, LAST_USED_EVERY_MS).unref();
  const sweep = setInterval(() => {
    forgetOldCandidates(pool).catch((err: unknown) =>
      logger.warn({ err }, 'old call candidates could not be removed'),
    );
  }, CANDIDATE_SWEEP_MS).unref();
  app.addHook('onClose', async () => {
    clearInterval(lastUsed);
    await pricer.stop();
    clearInterval(sweep);
    for (const commit of [groupCommit, reportCommit]) {
      await commit.drain();
      await commit.writeLedger();
    }
    await refresher?.stop();
    for (const one of background) await one.stop();
    await alertFeed.stop();
    await closeAll([pool, writePool, readPool, versionPool]);
  });
  return app;
}

async function closeAll(pools: Pool[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.end()));
}
