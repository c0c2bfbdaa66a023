import { parseArgs } from 'node:util';
import { CollectorError } from '../http/errors.ts';
import { apiKeyCommand } from './api-key.ts';
import { budgetCommand } from './budget.ts';
import { configurationCommand } from './configuration.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { importCommand } from './import.ts';
import { moveToTimescaleCommand } from './move-to-timescaledb.ts';
import { openApiCommand } from './openapi.ts';
import { pricesCommand } from './prices.ts';
import { schemaCommand } from './schema.ts';
import { setupCommand } from './setup.ts';
import { sqlRoleCommand } from './sql-role.ts';
import { signInLinkCommand } from './sign-in-link.ts';
import { tenantCommand } from './tenant.ts';

export interface Command {
  summary: string;
  usage: string;
  run: (args: string[]) => Promise<void>;
}

const COMMANDS: Record<string, Command> = {
  setup: setupCommand,
  demo: demoCommand,
  'api-key': apiKeyCommand,
  'sign-in-link': signInLinkCommand,
  tenant: tenantCommand,
  budget: budgetCommand,
  import: importCommand,
  configuration: configurationCommand,
  doctor: doctorCommand,
  'move-to-timescaledb': moveToTimescaleCommand,
  openapi: openApiCommand,
  prices: pricesCommand,
  schema: schemaCommand,
  'sql-role': sqlRoleCommand,
};

const HELP = `promptops: PromptOps Analytics from the command line

Usage: npm run promptops -- <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(20)} ${summary}`)
  .join('\n')}

'promptops <command> --help' tells more. The database is that of DATABASE_URL, or the embedded one under DATA_DIR.
`;

async function main(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new CollectorError(
      `There is no command "${name}". The commands are: ${Object.keys(COMMANDS).join(', ')}.`,
    );
  const { values } = parseArgs({
    args: rest,
    options: { help: { type: 'boolean', short: 'h' } },
    strict: false,
  });
  if (values.help) process.stdout.write(command.usage);
  else await command.run(rest);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = (error as { code?: string } | null)?.code?.startsWith('ERR_PARSE_ARGS') ?? false;
  const message =
    error instanceof CollectorError || isUsage
      ? (error as Error).message
      : error instanceof Error
        ? error.stack
        : String(error);
  process.stderr.write(`${message ?? ''}\n`);
  process.exit(1);
});
