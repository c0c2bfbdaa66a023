import type { InjectOptions } from 'fastify';
import type {
  OpenApiDocument,
  OpenApiOperation,
  OpenApiParameter,
  OpenApiResponse,
} from './finish-document.ts';

/** A request that the document shows, ready to be sent. */
export interface ServedExample {
  name: string;
  method: string;
  path: string;
  operation: OpenApiOperation;
  /** Path, query and header values by the parameter's name. */
  values: Map<OpenApiParameter, unknown>;
  body: { contentType: string; value: unknown } | undefined;
}

/** All examples of a document, in the order of its paths; an operation without any is there with an empty list. */
export function servedExamples(document: OpenApiDocument): Map<string, ServedExample[]> {
  const found = new Map<string, ServedExample[]>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const parameters = (operation.parameters ?? []).filter(
        (one): one is OpenApiParameter => !('$ref' in one),
      );
      const bodies = Object.entries(operation.requestBody?.content ?? {});
      const answers = Object.values(operation.responses)
        .filter((one): one is OpenApiResponse => !('$ref' in one))
        .flatMap(({ content }) => Object.values(content ?? {}));
      const names = new Set(
        [...parameters, ...bodies.map(([, media]) => media), ...answers].flatMap((place) =>
          Object.keys((place['examples'] as object | undefined) ?? {}),
        ),
      );
      found.set(
        operation.operationId ?? `${method} ${path}`,
        [...names].map((name) => ({
          name,
          method: method.toUpperCase(),
          path,
          operation,
          values: new Map(
            parameters.flatMap((parameter) => {
              const example = (parameter['examples'] as Record<string, { value: unknown }> | undefined)?.[
                name
              ];
              return example ? [[parameter, example.value]] : [];
            }),
          ),
          body: bodies.flatMap(([contentType, { examples }]) => {
            const example = examples?.[name];
            return example ? [{ contentType, value: example.value }] : [];
          })[0],
        })),
      );
    }
  }
  return found;
}

/**
 * The request of an example, as a client makes it of the document alone.
 * @param real what stands in place of a value that only the database gives: numbers of rows, names of keys
 */
export function requestOf(
  { method, path, values, body }: ServedExample,
  real: (name: string, value: unknown) => unknown,
): InjectOptions {
  let url = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const [{ name, in: place, schema }, value] of values) {
    if (place === 'path') url = url.replace(`{${name}}`, encodeURIComponent(String(real(name, value))));
    else if (place === 'header') headers[name] = String(value);
    else if ((schema as { type?: string }).type === 'object') {
      for (const [key, one] of Object.entries(value as object)) query.append(key, String(one));
    } else for (const one of [value].flat()) query.append(name, String(one));
  }
  if (query.size > 0) url += `?${query.toString()}`;
  if (body === undefined) return { method: method, url, headers };
  const { contentType, value } = body;
  const payload =
    typeof value === 'string'
      ? value
      : JSON.stringify(value, (name, one: unknown) => (name === '' ? one : real(name, one)));
  return { method: method, url, headers: { ...headers, 'content-type': contentType }, payload };
}
