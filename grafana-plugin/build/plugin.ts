/**
 * Bundles the pages as the Grafana app plugin into `dist/`, as @grafana/create-plugin builds: an AMD module.js that Grafana's loader takes,
 * with React and Grafana's own libraries left to Grafana, and the pages in parts that are loaded when they are opened.
 */
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import webpack, { type Configuration } from 'webpack';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
const { id } = JSON.parse(await readFile(join(root, 'src/plugin.json'), 'utf8')) as { id: string };

/** What Grafana gives to plugins (grafana 12.3, public/app/features/plugins/loader/sharedDependencies.ts). */
const externals: Configuration['externals'] = [
  { 'amd-module': 'module' },
  'lodash',
  'jquery',
  'moment',
  'slate',
  'emotion',
  '@emotion/react',
  '@emotion/css',
  'prismjs',
  'slate-plain-serializer',
  '@grafana/slate-react',
  'react',
  'react/jsx-runtime',
  'react/jsx-dev-runtime',
  'react-dom',
  'react-redux',
  'redux',
  'rxjs',
  'i18next',
  'react-router',
  'd3',
  'angular',
  /^@grafana\/ui$/i,
  /^@grafana\/runtime$/i,
  /^@grafana\/data$/i,
];

const configuration: Configuration = {
  mode: 'production',
  context: join(root, 'src'),
  entry: { module: './module.tsx' },
  devtool: 'source-map',
  target: ['web', 'es2020'],
  externals,
  output: {
    path: out,
    filename: '[name].js',
    chunkFilename: '[name].js?_cache=[contenthash]',
    library: { type: 'amd' },
    publicPath: `public/plugins/${id}/`,
    uniqueName: id,
    crossOriginLoading: 'anonymous',
  },
  resolve: { extensions: ['.ts', '.tsx', '.mjs', '.js'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        use: {
          loader: 'swc-loader',
          options: {
            jsc: {
              target: 'es2020',
              parser: { syntax: 'typescript', tsx: true },
              transform: { react: { runtime: 'automatic' } },
            },
          },
        },
      },
      { test: /\.css$/, use: ['style-loader', 'css-loader'] },
      {
        test: /\.(png|svg|woff2?|ttf)$/,
        type: 'asset/resource',
        generator: { filename: 'assets/[name]-[hash][ext]' },
      },
    ],
  },
  optimization: { chunkIds: 'named' },
  performance: { hints: false },
};

/** @throws when webpack reports an error */
export async function buildPlugin(): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await new Promise<void>((done, fail) => {
    webpack(configuration, (error, stats) => {
      if (error) fail(error);
      else if (stats?.hasErrors() === true)
        fail(new Error(stats.toString({ colors: false, all: false, errors: true })));
      else done();
    });
  });
  const today = new Date().toISOString().slice(0, 10);
  const description = await readFile(join(root, 'src/plugin.json'), 'utf8');
  await writeFile(
    join(out, 'plugin.json'),
    description.replaceAll('%VERSION%', version).replaceAll('%TODAY%', today).replaceAll('%PLUGIN_ID%', id),
  );
  await cp(join(root, 'src/img'), join(out, 'img'), { recursive: true });
  for (const file of ['README.md', 'CHANGELOG.md'])
    await cp(join(root, file), join(out, file)).catch(ignoreMissing);
  await cp(join(root, '../LICENSE'), join(out, 'LICENSE'));
}

function ignoreMissing(error: unknown): void {
  if ((error as { code?: string }).code !== 'ENOENT') throw error;
}

if (import.meta.main) {
  await buildPlugin();
  const { size } = await stat(join(out, 'module.js'));
  console.log(`dist: module.js ${(size / 1024).toFixed(1)} KiB`);
}
