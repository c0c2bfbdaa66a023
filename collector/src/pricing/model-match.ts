import type { MatchLogic } from '@pydantic/genai-prices';

/**
 * Finds the first model of a list that a name matches, as the package's own look-up does. Names are lower case. Most
 * models are matched by equality, which is one look-up here; only the others are tried one by one, as names that nobody
 * has ever seen arrive at any rate.
 */
export class ModelIndex<Model extends { match: MatchLogic }> {
  readonly #models: readonly Model[];
  readonly #exact = new Map<string, number>();
  readonly #patterns: { position: number; matches: (name: string) => boolean }[] = [];

  constructor(models: readonly Model[]) {
    this.#models = models;
    models.forEach((model, position) => {
      const names = equalNames(model.match);
      if (names === undefined) {
        this.#patterns.push({ position, matches: compileMatch(model.match) });
        return;
      }
      for (const name of names) if (!this.#exact.has(name)) this.#exact.set(name, position);
    });
  }

  find(name: string): Model | undefined {
    let first = this.#exact.get(name) ?? Infinity;
    for (const { position, matches } of this.#patterns) {
      if (position > first) break;
      if (matches(name)) {
        first = position;
        break;
      }
    }
    return this.#models[first];
  }
}

/** The texts in a rule, regular expressions included. */
export function matchTexts(logic: MatchLogic): readonly string[] {
  if ('or' in logic) return logic.or.flatMap(matchTexts);
  if ('and' in logic) return logic.and.flatMap(matchTexts);
  return Object.values(logic);
}

/** A rule for people: 'gpt-4o or gpt-4o-2024-*', '(claude-* and *-vertex)', '/^o[13]$/'. */
export function readableMatch(logic: MatchLogic): string {
  if ('or' in logic) return logic.or.map(readableMatch).join(' or ');
  if ('and' in logic) return `(${logic.and.map(readableMatch).join(' and ')})`;
  if ('regex' in logic) return `/${logic.regex}/`;
  if ('equals' in logic) return logic.equals;
  if ('starts_with' in logic) return `${logic.starts_with}*`;
  if ('ends_with' in logic) return `*${logic.ends_with}`;
  return `*${logic.contains}*`;
}

/** A rule as a function of a lower-case name. */
export function compileMatch(logic: MatchLogic): (name: string) => boolean {
  if ('or' in logic) {
    const parts = logic.or.map(compileMatch);
    return (name) => parts.some((matches) => matches(name));
  }
  if ('and' in logic) {
    const parts = logic.and.map(compileMatch);
    return (name) => parts.every((matches) => matches(name));
  }
  if ('regex' in logic) {
    const expression = new RegExp(logic.regex);
    return (name) => expression.test(name);
  }
  if ('equals' in logic) {
    const text = logic.equals.toLowerCase();
    return (name) => name === text;
  }
  if ('starts_with' in logic) {
    const text = logic.starts_with.toLowerCase();
    return (name) => name.startsWith(text);
  }
  if ('ends_with' in logic) {
    const text = logic.ends_with.toLowerCase();
    return (name) => name.endsWith(text);
  }
  const text = logic.contains.toLowerCase();
  return (name) => name.includes(text);
}

/** The names of a rule that is nothing but a choice of names, else undefined. */
function equalNames(logic: MatchLogic): readonly string[] | undefined {
  if ('equals' in logic) return [logic.equals.toLowerCase()];
  if (!('or' in logic)) return undefined;
  const names: string[] = [];
  for (const part of logic.or) {
    const more = equalNames(part);
    if (more === undefined) return undefined;
    names.push(...more);
  }
  return names;
}
