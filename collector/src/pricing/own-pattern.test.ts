import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canBothMatch, literalLength, matchesOwn, ownMatch } from './own-pattern.ts';

const matches = (pattern: string, name: string): boolean => matchesOwn(ownMatch(pattern), name);

/** Short texts over two letters, so that they often meet. */
const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 5 });
const reference = (glob: string): RegExp => new RegExp(`^${glob.replaceAll('*', '.*')}$`);
/** Every name that two patterns of five characters could need to meet in. */
const names = Array.from({ length: 11 }, (_, length) =>
  Array.from({ length: 2 ** length }, (_unused, bits) =>
    Array.from({ length }, (_each, place) => ((bits >> place) & 1 ? 'a' : 'b')).join(''),
  ),
).flat();

describe('a model pattern', () => {
  test.each([
    ['gpt-4o', 'gpt-4o', true],
    ['gpt-4o', 'gpt-4o-mini', false],
    ['gpt-4o*', 'gpt-4o-mini', true],
    ['*-mini', 'gpt-4o-mini', true],
    ['gpt-*-mini', 'gpt-4o-mini', true],
    ['gpt-*-mini', 'gpt-mini', false],
    ['a*a', 'a', false],
    ['*', '', true],
    ['gpt-4.1', 'gpt-4x1', false],
  ])('%s: %s is %s', (glob, text, expected) => {
    expect(matches(glob, text)).toBe(expected);
  });

  test('matches what a regular expression with .* for * matches', () => {
    fc.assert(
      fc.property(pattern, name, (glob, text) =>
        expect(matches(glob, text)).toBe(reference(glob).test(text)),
      ),
    );
  });

  test('that could match the same name as another is told apart from one that could not', () => {
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const [a, b] = [reference(left), reference(right)];
        expect(canBothMatch(ownMatch(left), ownMatch(right))).toBe(
          names.some((each) => a.test(each) && b.test(each)),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('is as close as the characters that it fixes', () => {
    expect(literalLength(ownMatch('gpt-*-mini*'))).toBe(9);
    expect(literalLength(ownMatch('*'))).toBe(0);
  });

  test('with as many stars as are allowed is decided at once, however long the name', () => {
    const start = performance.now();
    for (let index = 0; index < 1000; index++) matches('*a*a*a*a*a*a*ab', 'a'.repeat(256));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
