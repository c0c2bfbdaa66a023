import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Pool } from '../database/pool.ts';
import { IdSchema } from '../http/schema-parts.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import type { SlackSecrets, WebhookSecrets } from './channel.ts';
import {
  ChannelBody,
  ChannelPatch,
  ChannelSchema,
  describeChannel,
  needsKnownSecrets,
  readChannel,
  readChannelPatch,
} from './channel-draft.ts';
import {
  createChannel,
  deleteChannel,
  findChannel,
  listChannels,
  readDestination,
  updateChannel,
} from './channel-store.ts';
import type { SecretKeeper } from './secrets.ts';
import type { Sender } from './sender.ts';
import { readSilence, SilenceSchema } from './silence.ts';
import { TestResultSchema, type ChannelTester } from './test-message.ts';

const PATH = '/v1/analytics/notification-channels';
const Id = Type.Object({ channel_id: IdSchema });

export interface ChannelRoutesOptions {
  pool: Pool;
  authenticator: Authenticator;
  sender: Sender;
  keeper: SecretKeeper;
  tester: ChannelTester;
}

/** Channels: where alerts are told. Answers never hold what is secret. */
export const channelRoutes: FastifyPluginCallbackTypebox<ChannelRoutesOptions> = (
  app,
  { pool, authenticator, sender, keeper, tester },
  done,
) => {
  app.get(
    PATH,
    {
      schema: {
        tags: ['notifications'],
        summary: "The tenant's notification channels, and whether alerts reach anybody",
        response: {
          200: Type.Object({
            channels: Type.Array(ChannelSchema),
            email_available: Type.Boolean({ description: 'Whether the collector has a mail server' }),
            silence: SilenceSchema,
          }),
        },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      const channels = await listChannels(pool, tenantId);
      return {
        channels: channels.map((channel) => describeChannel(channel, Date.now())),
        email_available: sender.hasMailServer,
        silence: await readSilence(pool, tenantId),
      };
    },
  );

  app.post(
    PATH,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Make a notification channel',
        description:
          'Without any notification route it gets every alert of severity medium and above; with routes, what these send it.',
        body: ChannelBody,
        response: { 201: ChannelSchema },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const draft = readChannel(request.body, sender);
      const channel = await createChannel(pool, keeper, tenantId, draft, keyId);
      return reply.code(201).send(describeChannel(channel, Date.now()));
    },
  );

  app.get(
    `${PATH}/:channel_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'A notification channel',
        params: Id,
        response: { 200: ChannelSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'read');
      return describeChannel(await findChannel(pool, tenantId, request.params.channel_id), Date.now());
    },
  );

  app.patch(
    `${PATH}/:channel_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Change some fields of a notification channel',
        description: 'What is left out stays, secrets too. The type cannot be changed.',
        params: Id,
        body: ChannelPatch,
        response: { 200: ChannelSchema },
      },
    },
    async (request) => {
      const { tenantId, keyId } = await authenticator.require(request, 'admin');
      const channel = await findChannel(pool, tenantId, request.params.channel_id);
      const known = needsKnownSecrets(channel, request.body)
        ? await readDestination(pool, keeper, channel)
        : undefined;
      const draft = readChannelPatch(channel, request.body, known && secretsOf(known), sender);
      return describeChannel(await updateChannel(pool, keeper, channel, draft, keyId), Date.now());
    },
  );

  app.delete(
    `${PATH}/:channel_id`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Delete a notification channel, its deliveries too',
        description: 'Not while a notification route sends there.',
        params: Id,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      await deleteChannel(pool, tenantId, request.params.channel_id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    `${PATH}/:channel_id/test`,
    {
      schema: {
        tags: ['notifications'],
        summary: 'Send a test message now',
        description: 'Answers 200 whatever became of it: `outcome` says so.',
        params: Id,
        response: { 200: TestResultSchema },
      },
    },
    async (request) => {
      const { tenantId } = await authenticator.require(request, 'admin');
      return tester.test(await findChannel(pool, tenantId, request.params.channel_id));
    },
  );
  done();
};

function secretsOf({ type: _type, ...secrets }: { type: string }): SlackSecrets | WebhookSecrets {
  return secrets as SlackSecrets | WebhookSecrets;
}
