import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import { Problem } from '../http/errors.ts';

/** What `npm run build` makes of grafana-plugin/ for people without Grafana. */
export const PAGES_FOLDER = join(import.meta.dirname, '../../../grafana-plugin/dist-standalone');

/**
 * The pages at `/analytics`. Their parts have a hash in their names and never change; every other address below `/analytics` is the one document,
 * whose router shows the page that the address names.
 */
export const analyticsPage: FastifyPluginAsync<{ folder?: string }> = async (
  app,
  { folder = PAGES_FOLDER },
) => {
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/analytics'));
  if (!existsSync(join(folder, 'index.html'))) {
    for (const url of ['/analytics', '/analytics/*'])
      app.get(url, { schema: { hide: true } }, () => {
        throw new Problem(
          'not-found',
          'The pages are not built on this installation: run "npm run build" and start again.',
        );
      });
    return;
  }
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/analytics/assets/',
    decorateReply: true,
    immutable: true,
    maxAge: '365d',
    // Icons have no hash, they are asked for by name; the document names the parts of today.
    setHeaders: (reply, path) => {
      if (path.endsWith('.html')) reply.header('cache-control', 'no-cache');
      else if (!/-[0-9A-Z]{8}\.\w+$/.test(path)) reply.header('cache-control', 'public, max-age=3600');
    },
  });
  for (const url of ['/analytics', '/analytics/*'])
    app.get(url, { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html', folder));
};
