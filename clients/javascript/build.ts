/** Builds the package as ES modules and as CommonJS: `node build.ts [directory]`, by default into dist. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const here = import.meta.dirname;
const target = resolve(process.argv[2] ?? join(here, 'dist'));
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(target, { recursive: true, force: true });
for (const kind of ['esm', 'cjs']) {
  const project = join(here, `tsconfig.build.${kind}.json`);
  execFileSync(process.execPath, [compiler, '-p', project, '--outDir', join(target, kind)], {
    stdio: 'inherit',
  });
}
// The package says "type": "module"; this folder is the exception.
writeFileSync(join(target, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
