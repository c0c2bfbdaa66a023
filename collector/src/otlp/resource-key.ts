import { createHash } from 'node:crypto';
import type { Attributes } from './attributes.ts';

const RESOURCE_KEYS = new WeakMap<Attributes, string>();
const KEY_OF_TEXT = new Map<string, string>();
const MAX_KEYS = 1_000;

/** Codex names its host with its log records only, and its system with its metrics only. */
const NOT_WITH_ALL_OF_CODEX = new Set(['host.name', 'os', 'os_version']);

/** The same for everything that one process sends: what tells processes apart is in the resource. */
export function resourceKey(resource: Attributes): string {
  let key = RESOURCE_KEYS.get(resource);
  if (key !== undefined) return key;
  const isCodex = resource.text('service.name')?.startsWith('codex') === true;
  const text = [...resource.keys()]
    .filter((name) => !isCodex || !NOT_WITH_ALL_OF_CODEX.has(name))
    .toSorted()
    .map((name) => `${name}=${resource.text(name) ?? ''}`)
    .join('\0');
  key = KEY_OF_TEXT.get(text);
  if (key === undefined) {
    key = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    if (KEY_OF_TEXT.size >= MAX_KEYS) KEY_OF_TEXT.clear();
    KEY_OF_TEXT.set(text, key);
  }
  RESOURCE_KEYS.set(resource, key);
  return key;
}
