import { ConfigurationSchema } from './configuration.ts';

interface Property {
  default?: unknown;
  description?: string;
}

/** docs/configuration.md, from the schema. */
export function configurationReference(): string {
  const rows = Object.entries(ConfigurationSchema.properties as Record<string, Property>).map(
    ([name, { default: value, description }]) => {
      const shown = value === undefined ? 'none' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
      return `| \`${name}\` | ${shown} | ${description ?? ''} |`;
    },
  );
  return [
    '# Configuration',
    '',
    'Everything is read from environment variables at the start, and printed with secrets hidden. A wrong value ends the start with one',
    'sentence. This page is written by `npm run promptops -- configuration`.',
    '',
    '| variable | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
