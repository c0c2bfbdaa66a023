import { envSchema } from 'env-schema';
import { Type, type Static } from 'typebox';
import { CollectorError } from '../http/errors.ts';
import { readMailServer } from '../notifications/mail-server.ts';
import { readAllowedNetworks } from '../notifications/network-guard.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

/**
 * Everything that can be set from outside, read once at the start. Sizes are bytes, times are in the unit that the name says.
 */
export const ConfigurationSchema = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 8080,
    description: 'Port of the HTTP server; 0 takes a free one',
  }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description: 'Address that the HTTP server listens on',
  }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#@\\s]+/?$',
      description:
        'Address at which people reach the collector, when it is another than HOST and PORT, such as https://llm.example.com; with https:// session cookies travel over TLS only',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      description:
        'Addresses and ranges of reverse proxies whose X-Forwarded-For, -Proto and -Host are believed, separated by commas',
    }),
  ),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description:
        'PostgreSQL or TimescaleDB to use; without it the collector runs an embedded PostgreSQL under DATA_DIR',
    }),
  ),
  DATABASE_READ_URL: Type.Optional(
    Type.String({ pattern: '^postgres(ql)?://', description: 'Read replica for the analytics queries' }),
  ),
  SQL_ADDRESS: Type.Optional(
    Type.String({
      pattern: '^(\\[[0-9a-fA-F:.]+\\]|[0-9A-Za-z._-]+)(:[0-9]{1,5})?$',
      description:
        'host or host:port at which people with a SQL role reach the database; without it, that of DATABASE_URL',
    }),
  ),
  SQL_STATEMENT_TIMEOUT_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: 'Longest time that a query of a SQL role may take; a transaction of twice that is ended',
  }),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      description: 'Redis in which collectors share the answers that they keep; without it each has its own',
    }),
  ),
  ANSWER_CACHE_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 86_400,
    default: 300,
    description:
      'How long an analytics answer is kept (10 s at the most where its period reaches to now); 0 keeps none',
  }),
  ANSWER_CACHE_MAX_BYTES: Type.Integer({
    minimum: 65_536,
    default: 32 * 1024 * 1024,
    description: 'Most bytes of answers kept in memory; those that were not asked for longest go first',
  }),
  SMTP_URL: Type.Optional(
    Type.String({
      pattern: '^smtps?://[^\\s]+$',
      description:
        'Mail server for notifications, such as smtp://user:password@mail.example.com:587; smtps:// speaks TLS from the start',
    }),
  ),
  SMTP_FROM: Type.Optional(
    Type.String({
      maxLength: 320,
      description: 'Sender of notifications by mail, such as PromptOps <alerts@example.com>',
    }),
  ),
  NOTIFICATION_ALLOWED_NETWORKS: Type.Optional(
    Type.String({
      description:
        'Private addresses and ranges that notifications to Slack and webhooks may go to, separated by commas; without it to public ones alone',
    }),
  ),
  SECRETS_KEY: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{32,200}$',
      description:
        'Encrypts the secrets of notification channels in the database; the same for every replica',
    }),
  ),
  DATA_DIR: Type.String({
    minLength: 1,
    default: './data',
    description: 'Folder of the embedded PostgreSQL and of local files',
  }),
  EXPORT_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Folder of exported files, shared by all collectors of one database and by no others; without it, exports under DATA_DIR',
    }),
  ),
  EXPORT_MAX_ROWS: Type.Integer({
    minimum: 1,
    default: 100_000_000,
    description: 'Most rows of one export; one that would have more is refused before it begins',
  }),
  EXPORT_MAX_FILE_BYTES: Type.Integer({
    minimum: 65_536,
    default: 512 * 1024 * 1024,
    description: 'Bytes after which an export goes on in another file',
  }),
  EXPORT_KEEP_HOURS: Type.Integer({
    minimum: 1,
    maximum: 8_760,
    default: 72,
    description: 'How long the files of an export are kept',
  }),
  EXPORT_MAX_OPEN: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Exports of one tenant that may be queued or running; more is answered 429',
  }),
  EXPORT_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 8,
    default: 1,
    description: 'Exports that this collector writes at once, each of another tenant',
  }),
  EMBEDDED_POSTGRES_PORT: Type.Integer({
    minimum: 0,
    maximum: 65535,
    default: 0,
    description: 'Port of the embedded PostgreSQL on 127.0.0.1; 0 takes a free one',
  }),
  BOOTSTRAP_API_KEY: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{16,200}$',
      description: "Made the first tenant's admin key; without it one is generated and printed once",
    }),
  ),
  LOG_LEVEL: Type.Unsafe<string>({
    type: 'string',
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    description: 'Least severe log level that is written',
  }),
  INGEST_MAX_BODY_BYTES: Type.Integer({
    minimum: 1024,
    default: 8 * 1024 * 1024,
    description: 'Largest request body as sent (compressed, where it is)',
  }),
  INGEST_MAX_DECOMPRESSED_BYTES: Type.Integer({
    minimum: 1024,
    default: 32 * 1024 * 1024,
    description: 'Largest request body after decompression',
  }),
  INGEST_MAX_BATCH_EVENTS: Type.Integer({
    minimum: 1,
    default: 10_000,
    description: 'Most events in one request',
  }),
  INGEST_MAX_PENDING_BYTES: Type.Integer({
    minimum: 65536,
    default: 20 * 1024 * 1024,
    description: 'Most bytes of request bodies that may wait for their commit; more is answered 429',
  }),
  INGEST_COMMIT_ROWS: Type.Integer({
    minimum: 1,
    default: 5_000,
    description: 'Rows that start a group commit at once',
  }),
  INGEST_COMMIT_DELAY_MS: Type.Integer({
    minimum: 0,
    maximum: 1000,
    default: 5,
    description: 'Longest time that an event waits for others to commit with',
  }),
  INGEST_COMMIT_TIMEOUT_MS: Type.Integer({
    minimum: 100,
    default: 15_000,
    description: 'Longest time that a request waits for its commit while the database is away, before 503',
  }),
  INGEST_CONNECTIONS: Type.Integer({
    minimum: 1,
    maximum: 16,
    default: 2,
    description: 'Database connections that write events',
  }),
  INGEST_MAX_FUTURE_SECONDS: Type.Integer({
    minimum: 0,
    default: 600,
    description: "How far an event's timestamp may lie ahead of the collector's clock",
  }),
  IMPORT_MAX_BYTES: Type.Integer({
    minimum: 1024,
    default: 1024 * 1024 * 1024,
    description: 'Largest file that one request may import, after decompression',
  }),
});
export type Configuration = Static<typeof ConfigurationSchema>;

const SECRET = new Set<string>(['BOOTSTRAP_API_KEY', 'SECRETS_KEY']);

/**
 * Reads the configuration from environment variables.
 * @throws CollectorError with one sentence that names the variable and what it takes
 */
export function readConfiguration(env: NodeJS.ProcessEnv = process.env): Configuration {
  // An empty variable is an unset one: that is how compose files and shells leave them.
  const data = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  try {
    const configuration = envSchema<Configuration>({
      schema: ConfigurationSchema,
      data,
      env: false,
      dotenv: false,
    });
    readTrustedProxies(configuration.TRUSTED_PROXIES);
    readAllowedNetworks(configuration.NOTIFICATION_ALLOWED_NETWORKS);
    readMailServer(configuration.SMTP_URL, configuration.SMTP_FROM);
    return configuration;
  } catch (error) {
    if (error instanceof CollectorError) throw error;
    throw new CollectorError(explain(error, data), { cause: error });
  }
}

function explain(error: unknown, data: Record<string, unknown>): string {
  const first = (
    error as { errors?: { instancePath?: string; message?: string; params?: Record<string, unknown> }[] }
  ).errors?.[0];
  const name = first?.instancePath?.slice(1) ?? '';
  const property = (ConfigurationSchema.properties as Record<string, { description?: string }>)[name];
  if (!first || !property)
    return `The configuration is not valid: ${error instanceof Error ? error.message : String(error)}`;
  const shown = SECRET.has(name) || name.endsWith('_URL') ? 'the value given' : `"${String(data[name])}"`;
  const expected =
    name === 'REDIS_URL'
      ? 'must be a URL that starts with redis:// or rediss://'
      : name === 'PUBLIC_URL'
        ? 'must be a URL that starts with http:// or https:// and has no path'
        : name === 'SMTP_URL'
          ? 'must be a URL that starts with smtp:// or smtps://'
          : name.endsWith('_URL')
            ? 'must be a URL that starts with postgres:// or postgresql://'
            : name === 'BOOTSTRAP_API_KEY'
              ? 'must be 16 to 200 printable ASCII characters without spaces, best po_<8 base62 characters>_<43 base62 characters>'
              : name === 'SECRETS_KEY'
                ? 'must be 32 to 200 printable ASCII characters without spaces'
                : name === 'LOG_LEVEL'
                  ? 'must be one of fatal, error, warn, info, debug, trace, silent'
                  : (first.message ?? 'is not valid');
  return `${name}: ${shown} ${expected} (${property.description ?? ''}).`;
}

/** The configuration as it may be printed: keys and the passwords inside URLs are hidden. */
export function printableConfiguration(configuration: Configuration): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(configuration).map(([name, value]) => {
      if (SECRET.has(name)) return [name, '[hidden]'];
      if (name.endsWith('_URL')) return [name, hidePassword(String(value))];
      return [name, value];
    }),
  );
}

/** A database URL without its password. */
export function hidePassword(url: string): string {
  if (!URL.canParse(url)) return '[hidden]';
  const parsed = new URL(url);
  if (parsed.password) parsed.password = '***';
  for (const name of ['password', 'sslpassword'])
    if (parsed.searchParams.has(name)) parsed.searchParams.set(name, '***');
  return parsed.toString();
}
