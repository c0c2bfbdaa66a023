import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import { CHECKED_BY_ROUTE } from './checked-by-route.ts';

const OPTIONS = {
  removeAdditional: false,
  useDefaults: true,
  allErrors: false,
  allowUnionTypes: true,
} as const;

/**
 * Checks requests by the routes' schemas. What is text by nature (query strings, paths, headers) is read as the number or boolean that is asked for; a JSON
 * body has types of its own and is taken as it is: `{"name": 7}` is no text.
 */
export function validateRequests(app: FastifyInstance): void {
  const asText = addFormats.default(new Ajv({ ...OPTIONS, coerceTypes: 'array' }));
  const asJson = addFormats.default(new Ajv(OPTIONS));
  for (const ajv of [asText, asJson]) ajv.addVocabulary([CHECKED_BY_ROUTE]);
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? asJson : asText).compile(schema as object),
  );
}
