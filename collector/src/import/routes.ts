import type { Readable } from 'node:stream';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Configuration } from '../configuration/configuration.ts';
import type { Pool } from '../database/pool.ts';
import { Problem } from '../http/errors.ts';
import type { ByteBudget } from '../ingest/byte-budget.ts';
import type { IngestCounters } from '../ingest/counters.ts';
import type { GroupCommit } from '../ingest/group-commit.ts';
import type { UsageRow } from '../ingest/usage-row.ts';
import type { Pricer } from '../pricing/price.ts';
import type { Authenticator } from '../tenants/authenticator.ts';
import { bodyBytes, BodyTooLarge, requireEncoding } from './body-stream.ts';
import { IMPORT_FORMAT_NAMES, IMPORT_FORMATS, type ImportFormatName } from './formats/registry.ts';
import { Importer, WrongFormat } from './importer.ts';
import { fileTypeOfMedia, readRecords } from './records/file-type.ts';
import { MalformedFile } from './records/source-item.ts';
import { SlowBodies } from './slow-bodies.ts';
import { ImportAnswer } from './tally.ts';

/** Imports at a time in this process, and how many of them may be of one tenant. */
const MAX_IMPORTS = 2;
const MAX_IMPORTS_OF_TENANT = 1;
/** What an import holds at the most besides one large record: pieces of the body and the batch on its way. */
const HELD_BYTES = 2 * 1024 * 1024;

const FILE = { description: 'The file as it was exported (docs/import.md)' };
const FILE_TEXT = { ...FILE, type: 'string' };

export interface ImportRoutesOptions {
  configuration: Configuration;
  pool: Pool;
  authenticator: Authenticator;
  budget: ByteBudget;
  groupCommit: GroupCommit<UsageRow>;
  pricer: Pick<Pricer, 'price'>;
  counters: IngestCounters;
}

/** `POST /v1/import`: histories of other products and of this one. Read as they come; answered when all is committed. */
export const importRoutes: FastifyPluginCallbackTypebox<ImportRoutesOptions> = (app, options, done) => {
  const { configuration, authenticator, budget } = options;
  const maxBytes = configuration.IMPORT_MAX_BYTES;
  const slowBodies = new SlowBodies(app.server);
  const running = new Map<string, number>();

  app.decorateRequest('tenantId', '');
  // The body stays a stream: it may be larger than memory.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, parsed) => {
    parsed(null, payload);
  });

  const begin = (tenantId: string): (() => void) => {
    const total = [...running.values()].reduce((sum, count) => sum + count, 0);
    const own = running.get(tenantId) ?? 0;
    const reservation =
      total < MAX_IMPORTS && own < MAX_IMPORTS_OF_TENANT ? budget.reserve(tenantId, HELD_BYTES) : undefined;
    if (!reservation) {
      throw new Problem(
        'too-many-requests',
        own >= MAX_IMPORTS_OF_TENANT
          ? 'An import of this tenant is under way. Send this one when that is answered; nothing of it was stored.'
          : 'The collector has its hands full right now. Send this import again after a moment; nothing of it was stored.',
        { retryAfterSeconds: 5 },
      );
    }
    running.set(tenantId, own + 1);
    slowBodies.begin();
    return () => {
      reservation.release();
      slowBodies.end();
      const left = (running.get(tenantId) ?? 1) - 1;
      if (left === 0) running.delete(tenantId);
      else running.set(tenantId, left);
    };
  };

  app.post(
    '/v1/import',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: {
        tags: ['ingest'],
        summary:
          'Import a history: LiteLLM spend logs, Langfuse or Helicone exports, or events of a collector',
        description:
          'The body is read record by record and committed in batches. Importing a file again, or one that overlaps, changes nothing. ' +
          'Prompts and answers in the file are not kept. May be compressed.',
        consumes: ['application/json', 'application/x-ndjson', 'text/csv'],
        querystring: Type.Object(
          {
            format: Type.Unsafe<ImportFormatName>({
              type: 'string',
              enum: IMPORT_FORMAT_NAMES,
              description: 'What wrote the file',
            }),
            first_record: Type.Integer({
              minimum: 1,
              maximum: 1_000_000_000,
              default: 1,
              description:
                'Number of the first record in its file, where a file is sent in parts; whether it is of the format is seen in the first',
            }),
            dry_run: Type.Boolean({
              default: false,
              description: 'Tell what would happen and store nothing',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: ImportAnswer },
      },
      // The key and the size are checked before a byte of the body is read.
      onRequest: async (request) => {
        const { tenantId } = await authenticator.require(request, 'admin');
        request.tenantId = tenantId;
        const announced = Number(request.headers['content-length'] ?? 0);
        if (announced > maxBytes) throw tooLarge(maxBytes);
      },
      config: {
        openApiBody: {
          content: {
            'application/json': { schema: FILE },
            'application/x-ndjson': { schema: FILE_TEXT },
            'text/csv': { schema: FILE_TEXT },
          },
        },
      },
    },
    async (request, reply) => {
      const { tenantId } = request;
      const { format, dry_run: isDryRun, first_record: firstRecord } = request.query;
      const type = fileTypeOfMedia(request.headers['content-type']);
      if (!type) {
        throw new Problem(
          'unsupported-media-type',
          'Name the type of the file in Content-Type: application/json, application/x-ndjson or text/csv.',
        );
      }
      const encoding = requireEncoding(request.headers['content-encoding']);
      if (request.body === undefined) throw empty();
      const end = begin(tenantId);
      const importer = new Importer({
        ...options,
        tenantId,
        format,
        isDryRun,
        firstRecord,
        maxFutureMs: configuration.INGEST_MAX_FUTURE_SECONDS * 1000,
      });
      const { tally } = importer;
      try {
        const bytes = bodyBytes(request.body as Readable, encoding, maxBytes);
        for await (const item of readRecords(bytes, type)) await importer.take(item);
        await importer.flush();
      } catch (error) {
        // The rest of the body is not read.
        void reply.header('connection', 'close');
        if (error instanceof WrongFormat) throw wrongFormat(importer, format);
        if (error instanceof MalformedFile || error instanceof BodyTooLarge) {
          await importer.flush().catch((fault: unknown) => {
            throw fault instanceof WrongFormat ? wrongFormat(importer, format) : fault;
          });
          throw endedEarly(error, importer, maxBytes);
        }
        if (error instanceof Problem) throw withTally(error, importer);
        throw error;
      } finally {
        end();
      }
      if (tally.read === 0) throw empty();
      return reply.code(200).send(tally.answer());
    },
  );
  done();
};

const empty = (): Problem =>
  new Problem('empty-batch', 'There is no record in the body. Send the file that was exported.');

function tooLarge(maxBytes: number): Problem {
  return new Problem(
    'payload-too-large',
    `The file is larger than ${maxBytes} bytes. Send it in parts, as the command line does, or raise IMPORT_MAX_BYTES.`,
  );
}

function wrongFormat(importer: Importer, format: ImportFormatName): Problem {
  const first = importer.tally.firstRejection;
  const answer = importer.tally.answer();
  return new Problem(
    'events-rejected',
    `None of the first ${answer.read} record(s) could be taken as ${format}, the first because ${first?.field ?? 'it'} ${first?.reason ?? ''}. ` +
      `Nothing was stored. Is it a file of another format? This one was checked against ${IMPORT_FORMATS[format].checkedAgainst}.`,
    { extensions: { import: answer } },
  );
}

function endedEarly(error: MalformedFile | BodyTooLarge, importer: Importer, maxBytes: number): Problem {
  const answer = importer.tally.answer();
  const kept = answer.dry_run
    ? `${answer.read} records could be read before.`
    : `The ${answer.read} records before are dealt with: ${answer.accepted} stored, ${answer.duplicate} known, ${answer.rejected} rejected. ` +
      'What was stored stays; the mended file can be sent as a whole.';
  return error instanceof BodyTooLarge
    ? new Problem('payload-too-large', `${tooLarge(maxBytes).message} ${kept}`, {
        extensions: { import: answer },
      })
    : new Problem('invalid-body', `The file cannot be read further: ${error.message}. ${kept}`, {
        cause: error,
        extensions: { import: answer },
      });
}

/** The same problem with what was committed before it. */
function withTally(problem: Problem, importer: Importer): Problem {
  const answer = importer.tally.answer();
  const kind = problem.type.slice(problem.type.lastIndexOf(':') + 1) as ConstructorParameters<
    typeof Problem
  >[0];
  return new Problem(
    kind,
    `${problem.message} ${answer.accepted + answer.duplicate} events of the file are stored; send it again as a whole to go on.`,
    {
      ...(problem.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: problem.retryAfterSeconds }),
      cause: problem,
      extensions: { ...problem.extensions, import: answer },
    },
  );
}
