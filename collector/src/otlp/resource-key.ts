import { createHash } from 'node:crypto';
import type { Attributes } from './attributes.ts';

const RESOURCE_KEYS = new WeakMap<Attributes, string>();
const KEY_OF_TEXT = new Map<string, string>();
const MAX_KEYS = 1_000;

/** The same for everything that one process sends: what tells processes apart is in the resource. */
export function resourceKey(resource: Attributes): string {
  let key = RESOURCE_KEYS.get(resource);
  if (key !== undefined) return key;
  const text = [...resource.keys()]
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
