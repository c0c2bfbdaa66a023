import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Configuration } from '../configuration/configuration.ts';
import type { Pool } from '../database/pool.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { channelRoutes } from './channel-routes.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { readMailServer } from './mail-server.ts';
import { NotificationCounters } from './metrics.ts';
import { NetworkGuard, readAllowedNetworks } from './network-guard.ts';
import { routeRoutes } from './route-routes.ts';
import { SecretKeeper } from './secrets.ts';
import { Sender } from './sender.ts';
import { ChannelTester } from './test-message.ts';
import { NotificationWorker, type WorkerOptions } from './worker.ts';

export interface NotificationsOptions {
  configuration: Pick<
    Configuration,
    'SMTP_URL' | 'SMTP_FROM' | 'NOTIFICATION_ALLOWED_NETWORKS' | 'SECRETS_KEY' | 'PUBLIC_URL'
  >;
  pool: Pool;
  authenticator: Authenticator;
  registry: Registry;
  log: WorkerOptions['log'];
}

/** Registers the routes of notifications. @returns the worker that sends, not started yet */
export async function registerNotifications(
  app: FastifyInstance,
  { configuration, pool, authenticator, registry, log }: NotificationsOptions,
): Promise<NotificationWorker> {
  const keeper = new SecretKeeper(configuration.SECRETS_KEY);
  const counters = new NotificationCounters(registry);
  const sender = new Sender({
    guard: new NetworkGuard({ allowed: readAllowedNetworks(configuration.NOTIFICATION_ALLOWED_NETWORKS) }),
    mailServer: readMailServer(configuration.SMTP_URL, configuration.SMTP_FROM),
    publicUrl: configuration.PUBLIC_URL,
  });
  const tester = new ChannelTester({ pool, sender, keeper, counters });
  await app.register(channelRoutes, { pool, authenticator, sender, keeper, tester });
  await app.register(routeRoutes, { pool, authenticator });
  await app.register(deliveryRoutes, { pool, authenticator });
  return new NotificationWorker({ pool, sender, keeper, counters, log });
}
