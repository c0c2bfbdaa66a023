import type { FastifyInstance } from 'fastify';
import { Problem } from './errors.ts';

interface Route {
  path: RegExp;
  methods: Set<string>;
}

/**
 * Answers 405 with `Allow` where a path is known and only its method is not; without this such a request would be told that there is
 * nothing, or would reach the route of a path with a parameter (`PATCH /budgets/check` that of `/budgets/:budget_id`). Of the routes that are registered
 * after this.
 */
export function refuseOtherMethods(app: FastifyInstance): void {
  const routes = new Map<string, Route>();
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { path: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) route.methods.add(one);
    routes.set(url, route);
  });
  app.addHook('onRequest', (request, reply, done) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const exact = routes.get(path);
    // Most requests end here; a route with a parameter that was found by its method is right unless another one has exactly this path.
    if (exact ? exact.methods.has(request.method) : !request.is404) {
      done();
      return;
    }
    const known = exact ? [exact] : [...routes.values()].filter((route) => route.path.test(path));
    const allowed = [...new Set(known.flatMap(({ methods }) => [...methods]))].sort();
    // Of the wrong name of a file in a folder of files the method is right.
    if (allowed.length === 0 || allowed.includes(request.method)) {
      done();
      return;
    }
    void reply.header('allow', allowed.join(', '));
    done(new Problem('method-not-allowed', `${path} takes ${allowed.join(', ')}, not ${request.method}.`));
  });
}

/** `/v1/prices/:price_id` and `/docs/*` as the router takes them. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => {
      if (part === '*') return '.*';
      return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source}$`);
}
