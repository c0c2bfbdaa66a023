import { CollectorError } from '../http/errors.ts';
import { examine } from '../monitoring/doctor.ts';
import { setUpSchema } from '../tenants/setup.ts';
import type { Command } from './main.ts';
import { withDatabase } from './with-database.ts';

const MARK = { ok: 'ok     ', advice: 'advice ', problem: 'PROBLEM' };

export const doctorCommand: Command = {
  summary: 'Look at the database and say what to change',
  usage: `promptops doctor

Checks durability, connections, clocks, how well the rollups summarise, chunk sizes and late events. Exit code 1 when there is a problem.
`,
  run: async () => {
    const findings = await withDatabase(async (pool) => examine(pool, (await setUpSchema(pool)).engine));
    for (const { level, subject, text } of findings)
      process.stdout.write(`${MARK[level]}  ${subject}: ${text}\n`);
    const problems = findings.filter(({ level }) => level === 'problem').length;
    if (problems > 0)
      throw new CollectorError(`${problems} ${problems === 1 ? 'problem' : 'problems'} found.`);
  },
};
