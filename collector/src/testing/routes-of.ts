import type { FastifyInstance } from 'fastify';

/** Every route of an app as "METHOD /path", by the router's own list; HEAD beside GET is the same route. */
export function routesOf(app: FastifyInstance): string[] {
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods] =
      /^((?:│ {3}| {4})*)(?:├── |└── )(.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (part === '') continue;
    const depth = indent.length / 4;
    parents[depth] = part;
    // The router tells the wildcard of a folder without the slash before it.
    const path = parents
      .slice(0, depth + 1)
      .join('')
      .replace(/(?<=[^/])\*$/, '/*');
    for (const method of methods?.split(', ') ?? []) if (method !== 'HEAD') routes.push(`${method} ${path}`);
  }
  return routes.sort();
}
