import type { AttributeValue } from './attributes.ts';
import type { Facts } from './facts.ts';
import { isLiteralObject, readObject } from './literal.ts';
import type { Mapping } from './mappings/mapping.ts';

export type Tags = Record<string, string | number | boolean | readonly string[]>;

const MAX_TAGS = 32;
const LONGEST_KEY = 64;
const LONGEST_VALUE = 256;
const MAX_LIST = 16;
/** All tags of a call together; an event may have 8 KiB of metadata. */
const MAX_CHARACTERS = 4_096;

/** Attributes that are worth keeping although no field has them. Name → name of the tag. */
const KEPT: readonly (readonly [string, string])[] = [
  ['gen_ai.data_source.id', 'data_source'],
  ['traceloop.entity.path', 'entity_path'],
  ['langfuse.release', 'release'],
  ['langfuse.version', 'version'],
  ['traceloop.prompt.version_hash', 'prompt_version_hash'],
];

/** Tags that are fields of their own already, in whatever spelling. */
const FIELDS_ALREADY = /^(?:user_?id|session_?id|thread_?id|prompt_?(?:id|name|version)|tags)$/i;

/** Gathers what is kept beside the fields of a call: bounded in number, length and size, and never what was said. */
export class TagGatherer {
  readonly #tags: [string, Tags[string]][] = [];
  readonly #names = new Set<string>();
  #characters = 0;

  add(name: string, value: unknown): void {
    if (name === '' || name.length > LONGEST_KEY || name === '__proto__' || this.#names.has(name)) return;
    const kept = keep(value);
    if (kept === undefined || this.#tags.length >= MAX_TAGS) return;
    const size =
      name.length +
      (typeof kept === 'object' ? kept.reduce((sum, one) => sum + one.length, 0) : String(kept).length);
    if (this.#characters + size > MAX_CHARACTERS) return;
    this.#characters += size;
    this.#names.add(name);
    this.#tags.push([clean(name), kept]);
  }

  build(): Tags | null {
    return this.#tags.length === 0 ? null : Object.fromEntries(this.#tags);
  }
}

/** The user's own tags of a span, under the prefixes of its mapping, and the `metadata` that OpenInference carries as JSON text. */
export function addUserTags(tags: TagGatherer, { attributes }: Facts, mapping: Mapping): void {
  const metadata = attributes.get('metadata');
  const object =
    typeof metadata === 'string' ? readObject(metadata) : isLiteralObject(metadata) ? metadata : undefined;
  for (const [name, value] of Object.entries(object ?? {}))
    if (!FIELDS_ALREADY.test(name)) tags.add(name, value);
  if (mapping.tagPrefixes) {
    for (const key of attributes.keys()) {
      for (const prefix of mapping.tagPrefixes) {
        if (!key.startsWith(prefix)) continue;
        // A prefix that ends inside a name ('metadata.user_api_key_team_') keeps the name.
        const name = prefix.endsWith('.') ? key.slice(prefix.length) : key.slice(key.lastIndexOf('.') + 1);
        if (!FIELDS_ALREADY.test(name) && attributes.text(key) !== undefined)
          tags.add(name, attributes.get(key));
      }
    }
  }
  for (const [attribute, name] of KEPT) tags.add(name, attributes.get(attribute));
}

function keep(value: unknown): Tags[string] | undefined {
  if (typeof value === 'string') {
    const text = clean(value).trim();
    return text === '' || text.length > LONGEST_VALUE ? undefined : text;
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'boolean') return value;
  if (!Array.isArray(value)) return undefined;
  const list = (value as AttributeValue[])
    .filter((one): one is string => typeof one === 'string' && one !== '' && one.length <= LONGEST_VALUE)
    .slice(0, MAX_LIST)
    .map(clean);
  return list.length > 0 ? list : undefined;
}

// PostgreSQL cannot store U+0000, in jsonb neither.
const clean = (text: string): string => text.replaceAll('\0', '\ufffd');
