import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FastifySchemaValidationError } from 'fastify/types/schema.js';
import { isDatabaseAway, isStatementTimeout } from '../database/errors.ts';
import { Problem, PROBLEM_TYPE_PREFIX, PROBLEMS, type ProblemKind } from './errors.ts';

/** RFC 9457 problem details, as they are described to API clients. */
export const ProblemSchema = {
  type: 'object',
  description: 'application/problem+json (RFC 9457)',
  properties: {
    type: { type: 'string', description: `Stable: ${PROBLEM_TYPE_PREFIX}<name>` },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do' },
    instance: { type: 'string', description: 'Id of the request, as in the log' },
    errors: { type: 'array', items: { type: 'object', additionalProperties: true } },
  },
  required: ['type', 'title', 'status', 'detail', 'instance'],
  additionalProperties: true,
};

/** Maps every error to RFC 9457 problem+json, in this one place. Internals are logged and never sent. */
export function registerProblemJson(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
    return sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new Problem(
        'not-found',
        `There is no ${request.method} ${request.url.split('?')[0] ?? ''}. The API is described at /docs.`,
      ),
    ),
  );
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="promptops"');
  return reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: problem.type,
        title: problem.title,
        status: problem.status,
        detail: problem.message,
        instance: request.id,
        ...problem.extensions,
      }),
    );
}

/** An error of whatever kind as what a client is told about it. */
export function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const { field, reason } = explain(error.validation[0]);
    const place = error.validationContext ?? 'request';
    return new Problem('invalid-request', `${field || place}: ${reason}.`, {
      extensions: { errors: [{ in: place, field, reason }] },
    });
  }
  if (isDatabaseAway(error)) {
    return new Problem(
      'database-unavailable',
      'The database cannot be reached right now. Send the request again in a few seconds.',
      {
        retryAfterSeconds: 2,
        cause: error,
      },
    );
  }
  if (isStatementTimeout(error)) {
    return new Problem(
      'question-too-slow',
      'The database took too long for this answer and gave it up. Ask for a shorter period, more filters or fewer dimensions.',
      { cause: error },
    );
  }
  const status = error.statusCode ?? 500;
  if (status === 413) {
    return new Problem(
      'payload-too-large',
      'The body is larger than this collector accepts. Send smaller batches.',
      { cause: error },
    );
  }
  if (status === 429) {
    return new Problem('too-many-requests', error.message, { retryAfterSeconds: 1, cause: error });
  }
  if (status >= 400 && status < 500) {
    const kind =
      (Object.keys(PROBLEMS) as ProblemKind[]).find((name) => PROBLEMS[name].status === status) ??
      'invalid-request';
    return new Problem(kind, error.message, { cause: error });
  }
  return new Problem(
    'internal-error',
    'The collector failed to answer this request; its log has the reason.',
    { cause: error },
  );
}

/** What ajv found first, in words. */
function explain(first: FastifySchemaValidationError | undefined): { field: string; reason: string } {
  const path = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const { missingProperty, additionalProperty, allowedValues } = first?.params ?? {};
  if (typeof missingProperty === 'string') return { field: missingProperty, reason: 'is required' };
  if (typeof additionalProperty === 'string')
    return { field: additionalProperty, reason: 'is not known here' };
  if (Array.isArray(allowedValues))
    return { field: path, reason: `must be one of ${allowedValues.join(', ')}` };
  return { field: path, reason: first?.message ?? 'is not valid' };
}
