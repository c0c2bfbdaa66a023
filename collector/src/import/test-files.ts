import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../../tests/fixtures/import');

/** The path of a file in the shape that a product exports (tests/fixtures/import). */
export const fixturePath = (name: string): string => join(FOLDER, name);

export const fixture = (name: string): Promise<Buffer> => readFile(fixturePath(name));
