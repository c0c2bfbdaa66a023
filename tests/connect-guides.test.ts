import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMITTERS } from './emitters/emitters.ts';
import { exporterEnvironment } from './emitters/environment.ts';

const ROOT = join(import.meta.dirname, '..');
const GUIDES = join(ROOT, 'docs/connect');
const guides = readdirSync(GUIDES).filter((name) => name.endsWith('.md'));
const textOf = (guide: string): string => readFileSync(join(GUIDES, guide), 'utf8');

/** What a guide shows of a file: what lies between its marks, or all of it. */
function shown(file: string): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return /^(?:#|\/\/) guide: begin\n([\s\S]*?)^(?:#|\/\/) guide: end$/m.exec(text)?.[1] ?? text;
}

/** Files that a guide shows, and how. */
function codeOf(guide: string): { file: string; code: string }[] {
  const block = /^<!-- code: (\S+) -->\n\n```\w+\n([\s\S]*?)^```$/gm;
  return [...textOf(guide).matchAll(block)].map(([, file = '', code = '']) => ({ file, code }));
}

const blocks = guides.flatMap((guide) => codeOf(guide).map((block) => ({ guide, ...block })));

test.each(blocks)('$guide shows $file as it is run', ({ file, code }) => {
  expect(code).toBe(shown(file));
});

describe('guides and drivers', () => {
  test.each(EMITTERS)('the driver of $name is shown in $guide', ({ guide, driver }) => {
    const stem = driver.replace(/\.\w+$/, '');
    expect(codeOf(guide).map(({ file }) => file.replace(/^tests\/emitters\/|\.\w+$/g, ''))).toContain(stem);
  });

  test('every mark of a code block is followed by its block', () => {
    const marks = guides.flatMap((guide) => textOf(guide).match(/<!-- code: /g) ?? []);
    expect(blocks.length).toBe(marks.length);
    expect(blocks.length).toBeGreaterThan(10);
  });

  test('the variables that README.md sets are those that the drivers get', () => {
    const lines = [...textOf('README.md').matchAll(/^export (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]); // prettier-ignore
    const expected = exporterEnvironment({ collectorUrl: 'http://127.0.0.1:8080', apiKey: '$PROMPTOPS_API_KEY' }); // prettier-ignore
    expect(Object.fromEntries(lines)).toEqual(expected);
  });

  test('README.md leads to every guide, and every link to a file', () => {
    const links = (guide: string): string[] =>
      [...textOf(guide).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, target = '']) => target);
    expect(guides.filter((guide) => guide !== 'README.md' && !links('README.md').includes(guide))).toEqual(
      [],
    );
    for (const guide of guides)
      for (const target of links(guide)) expect(() => readFileSync(join(GUIDES, target))).not.toThrow();
  });
});
