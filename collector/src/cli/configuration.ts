import { configurationReference } from '../configuration/reference.ts';
import type { Command } from './main.ts';

export const configurationCommand: Command = {
  summary: 'Print the reference of all environment variables',
  usage: 'promptops configuration > docs/configuration.md\n',
  run: () => {
    process.stdout.write(configurationReference());
    return Promise.resolve();
  },
};
