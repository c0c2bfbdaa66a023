import type { OwnMatch } from './stored-price.ts';

/** More stars make no pattern clearer, and bound what a comparison costs. */
export const MOST_STARS = 8;

/** The rule of a model pattern as people write it: an exact name, or '*' for any text: 'gpt-4o', 'gpt-4o-*', '*'. */
export function ownMatch(pattern: string): OwnMatch {
  return pattern.includes('*') ? { glob: pattern } : { equals: pattern };
}

/** Whether a lower-case name matches; linear but for a step back at each star. */
export function matchesOwn(match: OwnMatch, name: string): boolean {
  return 'equals' in match ? match.equals === name : matchesGlob(match.glob, name);
}

function matchesGlob(glob: string, name: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let from = first.length;
  const to = name.length - last.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > to) return false;
    from = at + part.length;
  }
  return true;
}

/** How many characters of a name a pattern fixes. */
export function literalLength(match: OwnMatch): number {
  return 'equals' in match ? match.equals.length : match.glob.replaceAll('*', '').length;
}

/** Whether there is a name that both match. */
export function canBothMatch(a: OwnMatch, b: OwnMatch): boolean {
  if ('equals' in a) return matchesOwn(b, a.equals);
  if ('equals' in b) return matchesOwn(a, b.equals);
  const [left, right] = [a.glob.replace(/\*+/g, '*'), b.glob.replace(/\*+/g, '*')];
  // reachable[j]: whether some text is matched by left's first i characters and by right's first j.
  let reachable = Array.from({ length: right.length + 1 }, (_, j) => /^\*?$/.test(right.slice(0, j)));
  for (const character of left) {
    const next = reachable.map(() => false);
    for (let j = 0; j <= right.length; j++) {
      const other = right[j - 1];
      if (character === '*') next[j] = (reachable[j] ?? false) || (j > 0 && (next[j - 1] ?? false));
      else if (other === '*') next[j] = (reachable[j] ?? false) || (next[j - 1] ?? false);
      else next[j] = other === character && (reachable[j - 1] ?? false);
    }
    reachable = next;
  }
  return reachable[right.length] ?? false;
}
