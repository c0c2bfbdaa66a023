import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { CollectorError } from '../http/errors.ts';

/** A file as it was stored. */
export interface StoredFile {
  name: string;
  bytes: number;
  sha256: Buffer;
}

/** A file being written. It is there under its name only once `commit` has returned. */
export interface FileSink {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  readonly bytes: number;
  commit(): Promise<StoredFile>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** What a store is opened by, also in another thread. */
export interface StoreDescription {
  folder: string;
}

export function openStore({ folder }: StoreDescription): ExportStore {
  return new FolderStore(folder);
}

/** Where the files of exports are kept. Every replica must see the same. */
export interface ExportStore {
  create(name: string): Promise<FileSink>;
  /** The bytes [start, end] of a file; undefined when it is not there. */
  read(name: string, range?: { start: number; end: number }): Promise<Readable | undefined>;
  /** Whether there is a file of this name with so many bytes. */
  has(name: string, bytes: number): Promise<boolean>;
  /** Nothing happens where there is none. */
  remove(name: string): Promise<void>;
  /** Names of all files, unfinished ones too. */
  list(): Promise<string[]>;
}

/** Names are made by the collector; what is none of them never reaches the file system. */
const NAME = /^export-\d{1,19}-[0-9a-f]{8}-\d{1,6}\.(csv|json|ndjson|parquet)(\.[0-9a-f]{8}\.partial)?$/;

/** The name of a file of one attempt: two attempts never write to the same one. */
export function storedName(exportId: number, attempt: string, fileNumber: number, extension: string): string {
  return `export-${exportId}-${attempt.slice(0, 8)}-${fileNumber}.${extension}`;
}

/** The export that a stored file is of; undefined for what is no file of an export. */
export function exportIdOf(name: string): number | undefined {
  return NAME.test(name) ? Number(name.split('-')[1]) : undefined;
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOENT';
}

/** A folder of the local machine, or of a disk that all replicas mount. */
export class FolderStore implements ExportStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async create(name: string): Promise<FileSink> {
    const path = this.#path(name);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
    const file = await open(partial, 'wx', 0o600);
    const hash = createHash('sha256');
    let bytes = 0;
    // One write is under way while the next chunk is made.
    let writing: Promise<void> = Promise.resolve();
    return {
      get bytes() {
        return bytes;
      },
      write: async (chunk) => {
        hash.update(chunk);
        bytes += chunk.byteLength;
        await writing;
        writing = file.writeFile(chunk);
        // Told by whoever awaits it next.
        writing.catch(() => undefined);
      },
      commit: async () => {
        await writing;
        // On disk before it has its name, and the name before anybody is told of it.
        await file.sync();
        await file.close();
        await rename(partial, path);
        await this.#syncFolder();
        return { name, bytes, sha256: hash.digest() };
      },
      abort: async () => {
        await writing.catch(() => undefined); // the reason to abort, if it failed
        await file.close().catch(() => undefined); // closed already when the rename failed
        await removeFile(partial);
      },
    };
  }

  async read(name: string, range?: { start: number; end: number }): Promise<Readable | undefined> {
    try {
      const file = await open(this.#path(name), 'r');
      return createReadStream('', { fd: file, ...range });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async has(name: string, bytes: number): Promise<boolean> {
    try {
      return (await stat(this.#path(name))).size === bytes;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await removeFile(this.#path(name));
  }

  async list(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => NAME.test(name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new CollectorError('This is not the name of a file of an export.');
    return join(this.#folder, name);
  }

  async #syncFolder(): Promise<void> {
    // Windows has no handles of folders; there a rename is as durable as the file system makes it.
    if (process.platform === 'win32') return;
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
