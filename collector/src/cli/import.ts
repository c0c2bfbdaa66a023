import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { CollectorError } from '../http/errors.ts';
import { bodyBytes } from '../import/body-stream.ts';
import { IMPORT_FORMAT_NAMES, type ImportFormatName } from '../import/formats/registry.ts';
import { FILE_TYPES, fileTypeOfName, readRecords, type FileType } from '../import/records/file-type.ts';
import { MalformedFile } from '../import/records/source-item.ts';
import { sendRecords } from '../import/sender.ts';
import { sumAnswers } from '../import/sum-answers.ts';
import type { ImportAnswer } from '../import/tally.ts';
import type { Command } from './main.ts';
import { grouped, startProgress } from './progress.ts';

/** Some records were refused, everything else is stored: for scripts to tell apart from a failure, which is 1. */
const SOME_REJECTED = 2;
const SHOWN_REJECTIONS = 20;

export const importCommand: Command = {
  summary: 'Import histories of LiteLLM, Langfuse, Helicone or another collector',
  usage: `promptops import --format ${IMPORT_FORMAT_NAMES.join('|')} FILE… [--dry-run]
                 [--type ${FILE_TYPES.join('|')}] [--url http://127.0.0.1:8080] [--key po_…]

Sends the records of each file to a running collector, in parts that are stored at once. Importing a file again, or one that
overlaps, changes nothing. --dry-run tells what would happen and stores nothing. A file's type is that of its name (.json, .jsonl,
.ndjson, .csv, each also with .gz), or --type; - reads standard input. The key has the scope admin; without --key it is that of
PROMPTOPS_API_KEY, without --url the address is that of PROMPTOPS_URL or of PORT on this machine.

Exit code: 0 all taken, 2 some records were refused (the others are stored), 1 anything else.
`,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        format: { type: 'string' },
        type: { type: 'string' },
        url: {
          type: 'string',
          default: process.env['PROMPTOPS_URL'] ?? `http://127.0.0.1:${process.env['PORT'] ?? '8080'}`,
        },
        key: { type: 'string', default: process.env['PROMPTOPS_API_KEY'] ?? '' },
        'dry-run': { type: 'boolean', default: false },
      },
    });
    const format = oneOf('--format', IMPORT_FORMAT_NAMES, values.format);
    const givenType = values.type === undefined ? undefined : oneOf('--type', FILE_TYPES, values.type);
    if (!URL.canParse(values.url))
      throw new CollectorError(`--url takes an address such as http://127.0.0.1:8080, not "${values.url}".`);
    if (values.key === '')
      throw new CollectorError('Give an API key with the scope admin: --key po_…, or PROMPTOPS_API_KEY.');
    if (positionals.length === 0)
      throw new CollectorError(`Name the files to import:\n${importCommand.usage}`);
    const files = await Promise.all(positionals.map((path) => openable(path, givenType)));
    const isDryRun = values['dry-run'];
    const answers: ImportAnswer[] = [];
    for (const file of files) {
      const answer = await importFile(file, { baseUrl: values.url, apiKey: values.key, format, isDryRun });
      if (!answer) process.stderr.write(`${file.name}: has no records\n`);
      else answers.push(answer);
    }
    if (answers.length === 0) throw new CollectorError('There was nothing to import.');
    const total = answers.reduce(sumAnswers);
    process.stdout.write(report(total));
    if (total.rejected > 0) process.exitCode = SOME_REJECTED;
  },
};

function oneOf<Name extends string>(option: string, names: readonly Name[], given: string | undefined): Name {
  const name = names.find((one) => one === given);
  if (name === undefined) {
    throw new CollectorError(
      given === undefined
        ? `Say what wrote the files: ${option} ${names.join('|')}.`
        : `${option} takes ${names.join(', ')}, not "${given}".`,
    );
  }
  return name;
}

interface ImportFile {
  path: string;
  name: string;
  type: FileType;
  isGzip: boolean;
  /** As it lies there; unknown for standard input. */
  sizeBytes: number | undefined;
}

/** Looks at every file before the first one is sent. */
async function openable(path: string, givenType: FileType | undefined): Promise<ImportFile> {
  const type = givenType ?? fileTypeOfName(path);
  if (type === undefined) {
    throw new CollectorError(
      `${path === '-' ? 'Standard input' : path}: say its type with --type ${FILE_TYPES.join('|')}; the name does not.`,
    );
  }
  if (path === '-') return { path, name: 'standard input', type, isGzip: false, sizeBytes: undefined };
  const found = await stat(path).catch((error: unknown) => {
    throw new CollectorError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  });
  if (!found.isFile()) throw new CollectorError(`${path} is not a file.`);
  return { path, name: basename(path), type, isGzip: /\.gz$/i.test(path), sizeBytes: found.size };
}

async function importFile(
  file: ImportFile,
  door: { baseUrl: string; apiKey: string; format: ImportFormatName; isDryRun: boolean },
): Promise<ImportAnswer | undefined> {
  const stream = file.path === '-' ? undefined : createReadStream(file.path);
  const source: Readable = stream ?? process.stdin;
  // How much is still to come on standard input, nobody knows.
  const progress =
    stream && file.sizeBytes !== undefined
      ? startProgress({ output: process.stderr, label: file.name, total: file.sizeBytes, unit: 'bytes' })
      : undefined;
  let sum: ImportAnswer | undefined;
  const soFar = (): string =>
    sum
      ? `Of the ${grouped(sum.read)} records before, ${grouped(sum.accepted)} are new and ${grouped(sum.duplicate)} were known. `
      : '';
  try {
    const bytes = bodyBytes(source, file.isGzip ? 'gzip' : 'identity', Number.MAX_SAFE_INTEGER);
    for await (const answer of sendRecords(readRecords(bytes, file.type), door)) {
      sum = sum ? sumAnswers(sum, answer) : answer;
      progress?.update(stream?.bytesRead ?? 0);
    }
  } catch (error) {
    if (error instanceof MalformedFile) {
      throw new CollectorError(
        `${file.name} cannot be read further: ${error.message}. ${soFar()}Mend the file and import it again: nothing counts twice.`,
        { cause: error },
      );
    }
    if (error instanceof CollectorError)
      throw new CollectorError(`${file.name}: ${error.message} ${soFar()}`.trim(), { cause: error });
    throw error;
  } finally {
    progress?.stop();
    source.destroy();
  }
  return sum;
}

function report(answer: ImportAnswer): string {
  const { cost, period } = answer;
  const lines = [
    `${grouped(answer.read)} records${answer.dry_run ? ' (dry run: nothing was stored)' : ''}`,
    `  ${answer.dry_run ? 'would be new' : 'new'}         ${grouped(answer.accepted)}`,
    `  known already ${grouped(answer.duplicate)}`,
    `  rejected      ${grouped(answer.rejected)}`,
    `  skipped       ${grouped(answer.skipped)} (no finished model call)`,
  ];
  if (period) {
    lines.push(
      `calls from ${period.first} to ${period.last}`,
      `cost: ${cost.claimed_usd} USD by the source${cost.without_claim > 0 ? ` (${grouped(cost.without_claim)} without)` : ''}, ` +
        `${cost.priced_usd} USD by the price book${cost.unpriced > 0 ? ` (${grouped(cost.unpriced)} without a price)` : ''}`,
    );
  }
  for (const { record, line, id, field, reason } of answer.rejections.slice(0, SHOWN_REJECTIONS)) {
    const place = `record ${record}${line === null ? '' : `, line ${line}`}${id === null ? '' : `, ${id}`}`;
    lines.push(`rejected ${place}: ${field ?? 'it'} ${reason}`);
  }
  if (answer.rejected > SHOWN_REJECTIONS)
    lines.push(`and ${grouped(answer.rejected - SHOWN_REJECTIONS)} more rejected`);
  return `${lines.join('\n')}\n`;
}
