import type { ImportFormat } from './format.ts';
import { helicone } from './helicone.ts';
import { langfuse } from './langfuse.ts';
import { litellm } from './litellm.ts';
import { promptops } from './promptops.ts';

/** Every format that can be imported. */
export const IMPORT_FORMATS = { litellm, langfuse, helicone, promptops } as const satisfies Record<
  string,
  ImportFormat
>;
export type ImportFormatName = keyof typeof IMPORT_FORMATS;
export const IMPORT_FORMAT_NAMES = Object.keys(IMPORT_FORMATS) as ImportFormatName[];
