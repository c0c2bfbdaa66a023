/**
 * Bundles the pages as the app at /analytics into `dist-standalone/`: index.html and assets/. Everything is in files of its own origin, so that
 * the strict content security policy of the collector holds.
 */
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
/** What the collector serves; it is exchanged in one step, so that a running collector never sees half of it. */
const served = join(root, 'dist-standalone');
const out = join(root, `dist-standalone-${process.pid}`);
const assets = join(out, 'assets');
const require = createRequire(import.meta.url);

/**
 * Grafana's packages are `.mjs`, for which bundlers take the default of a CommonJS module to be the module itself, as Node does; Grafana's own
 * build does not, and their code relies on that. Loading them under another name gives them the other reading.
 */
const grafanaInterop: Plugin = {
  name: 'grafana-interop',
  setup(build) {
    build.onLoad({ filter: /@grafana\/.*\.mjs$/ }, async ({ path }) => ({
      contents: await readFile(path, 'utf8'),
      loader: 'js',
      resolveDir: dirname(path),
    }));
  },
};

/** @returns what the browser loads before it draws anything, and how many files there are */
export async function buildStandalone(): Promise<{ firstLoadGzipBytes: number; files: number }> {
  await rm(out, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  const result = await build({
    entryPoints: { app: join(root, 'src/standalone/main.tsx') },
    outdir: assets,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    metafile: true,
    jsx: 'automatic',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    publicPath: '/analytics/assets/',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    loader: { '.ttf': 'file', '.svg': 'file', '.png': 'file', '.woff': 'file', '.woff2': 'file' },
    // The zones' rules of the years around this one: a tenth of the whole history.
    alias: {
      'moment-timezone': require.resolve('moment-timezone/builds/moment-timezone-with-data-10-year-range.js'),
    },
    plugins: [grafanaInterop],
    logLevel: 'warning',
  });
  const outputs = Object.entries(result.metafile.outputs);
  const entry = outputs.find(([, { entryPoint }]) => entryPoint?.endsWith('main.tsx'));
  if (!entry) throw new Error('esbuild made no entry.');
  const name = (path: string): string => `/analytics/assets/${relative(assets, join(process.cwd(), path))}`;
  const eager = eagerFiles(Object.fromEntries(outputs), entry[0]);
  const css = entry[1].cssBundle;
  const page = await readFile(join(root, 'src/standalone/index.html'), 'utf8');
  const tags = [
    ...(css === undefined ? [] : [`<link rel="stylesheet" href="${name(css)}" />`]),
    ...eager
      .filter((path) => path !== entry[0])
      .map((path) => `<link rel="modulepreload" href="${name(path)}" />`),
    `<script type="module" src="${name(entry[0])}"></script>`,
  ];
  await writeFile(join(out, 'index.html'), page.replace('<!-- files -->', tags.join('\n    ')));
  await cp(join(root, 'src/img/logo.svg'), join(assets, 'logo.svg'));
  await copyFonts();
  await copyIcons();
  let firstLoadGzipBytes = 0;
  for (const path of [...eager, ...(css === undefined ? [] : [css])])
    firstLoadGzipBytes += gzipSync(await readFile(path)).length;
  await rm(served, { recursive: true, force: true });
  await rename(out, served);
  return { firstLoadGzipBytes, files: outputs.length };
}

/** What the browser loads before anything is drawn: the entry and everything that it imports for certain. */
function eagerFiles(
  outputs: Record<string, { imports: { path: string; kind: string }[] }>,
  entry: string,
): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const { path: imported, kind } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement') visit(imported);
  };
  visit(entry);
  return [...found];
}

/** Grafana's typeface, under the names that @grafana/ui asks for. */
async function copyFonts(): Promise<void> {
  const files = join(dirname(require.resolve('@fontsource/inter/package.json')), 'files');
  const to = join(assets, 'fonts/inter');
  await mkdir(to, { recursive: true });
  await cp(join(files, 'inter-latin-400-normal.woff2'), join(to, 'Inter-Regular.woff2'));
  await cp(join(files, 'inter-latin-500-normal.woff2'), join(to, 'Inter-Medium.woff2'));
}

/** @grafana/ui fetches icons by name from here; those that its package lacks are drawn in src/img/icons. */
async function copyIcons(): Promise<void> {
  const from = join(dirname(require.resolve('@grafana/ui/package.json')), 'dist/public/img/icons');
  const to = join(assets, 'build/img/icons');
  await cp(from, to, { recursive: true });
  const own = join(root, 'src/img/icons');
  for (const file of await readdir(own).catch(() => [])) await cp(join(own, file), join(to, 'unicons', file));
}

/** Whether anything that the bundle is made of is newer than it. */
async function isStale(): Promise<boolean> {
  const built = await modifiedAt(join(served, 'index.html'));
  if (built === undefined) return true;
  const sources = ['src', 'build'].map((folder) => join(root, folder));
  for (const folder of sources)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
      if (entry.isFile() && ((await modifiedAt(join(entry.parentPath, entry.name))) ?? 0) > built)
        return true;
  return ((await modifiedAt(join(root, '../package-lock.json'))) ?? 0) > built;
}

async function modifiedAt(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

if (import.meta.main && !(process.argv.includes('--if-stale') && !(await isStale()))) {
  const { firstLoadGzipBytes, files } = await buildStandalone();
  console.log(
    `dist-standalone: ${files} files; first load ${Math.round(firstLoadGzipBytes / 1024)} KiB gzip`,
  );
}
