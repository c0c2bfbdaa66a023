import type { Attributes } from './attributes.ts';
import { GENERIC_NAMES } from './mappings/generic.ts';
import type { Field, Mapping } from './mappings/mapping.ts';

const FIELDS = Object.keys(GENERIC_NAMES) as Field[];
const INDEX = new Map(FIELDS.map((field, index) => [field, index]));

/** Attribute names of a mapping, by preference, and back from a name to the fields that it may fill. */
interface Compiled {
  names: readonly (readonly string[])[];
  fields: ReadonlyMap<string, readonly { field: number; preference: number }[]>;
}

const COMPILED = new WeakMap<Mapping, Compiled>();

function compile(mapping: Mapping): Compiled {
  let compiled = COMPILED.get(mapping);
  if (!compiled) {
    const names = FIELDS.map((field) => {
      const own = mapping.fields?.[field];
      // An empty list says that the generic names mean something else here.
      return own?.length === 0 ? [] : [...(own ?? []), ...GENERIC_NAMES[field]];
    });
    const fields = new Map<string, { field: number; preference: number }[]>();
    for (const [field, list] of names.entries()) {
      for (const [preference, name] of list.entries()) {
        const uses = fields.get(name) ?? [];
        if (!uses.some((use) => use.field === field)) uses.push({ field, preference });
        fields.set(name, uses);
      }
    }
    COMPILED.set(mapping, (compiled = { names, fields }));
  }
  return compiled;
}

/**
 * Reads fields by the names that a mapping and the generic list have for them: the first name that is there and says something. One
 * pass over the attributes finds the names; asking for each of some three hundred possible names would take longer than decoding.
 */
export class Names {
  readonly #attributes: Attributes;
  readonly #compiled: Compiled;
  /** Preference of the best name that is there, for each field; -1: none. */
  readonly #best: Int16Array;

  constructor(attributes: Attributes, mapping: Mapping) {
    this.#attributes = attributes;
    this.#compiled = compile(mapping);
    const best = (this.#best = new Int16Array(FIELDS.length).fill(-1));
    const { fields } = this.#compiled;
    attributes.eachKey((key) => {
      const uses = fields.get(key);
      if (!uses) return;
      for (const { field, preference } of uses) {
        const known = best[field] ?? -1;
        if (known === -1 || preference < known) best[field] = preference;
      }
    });
  }

  has(field: Field): boolean {
    return this.#best[INDEX.get(field) ?? -1] !== -1;
  }

  text(field: Field): string | undefined {
    return this.#first(field, textOf);
  }

  /** A number of at least 0: -1 and the like mean that nothing was set. */
  number(field: Field): number | undefined {
    return this.#first(field, countOf);
  }

  boolean(field: Field): boolean | undefined {
    return this.#first(field, booleanOf);
  }

  list(field: Field): readonly string[] | undefined {
    return this.#first(field, listOf);
  }

  #first<Value>(
    field: Field,
    read: (attributes: Attributes, key: string) => Value | undefined,
  ): Value | undefined {
    const index = INDEX.get(field) ?? -1;
    const best = this.#best[index] ?? -1;
    if (best === -1) return undefined;
    const names = this.#compiled.names[index] ?? [];
    for (let preference = best; preference < names.length; preference += 1) {
      const value = read(this.#attributes, names[preference] ?? '');
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

const textOf = (attributes: Attributes, key: string): string | undefined => attributes.text(key);
const booleanOf = (attributes: Attributes, key: string): boolean | undefined => attributes.boolean(key);

function countOf(attributes: Attributes, key: string): number | undefined {
  const number = attributes.number(key);
  return number === undefined || number < 0 ? undefined : number;
}

/** A list of texts, also where it came as JSON text or as one text. */
function listOf(attributes: Attributes, key: string): readonly string[] | undefined {
  const value = attributes.get(key);
  if (Array.isArray(value)) return value.filter((one): one is string => typeof one === 'string');
  if (typeof value !== 'string' || value === '') return undefined;
  if (!value.startsWith('[')) return [value];
  return value
    .slice(1, -1)
    .split(',')
    .map((one) => one.trim().replace(/^["']|["']$/g, ''))
    .filter((one) => one !== '');
}
