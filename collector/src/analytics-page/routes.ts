import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';

/** `/analytics`: one page that shows the overview to whoever has a key with scope `read`. The key stays in the browser's tab. */
export const analyticsPage: FastifyPluginAsync = async (app) => {
  await app.register(fastifyStatic, {
    root: join(import.meta.dirname, 'static'),
    prefix: '/analytics/',
    cacheControl: true,
    maxAge: '5m',
  });
  app.get('/analytics', { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html'));
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/analytics'));
};
