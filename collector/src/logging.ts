import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** What holds a key, a session or what somebody signs in with. Requests are logged without headers and bodies; this is for whoever logs more of one. */
const SECRETS = ['authorization', '["x-api-key"]', 'cookie', '["set-cookie"]'];
export const REDACTED = [
  ...['req', 'res', 'request', 'reply'].flatMap((side) =>
    SECRETS.map((name) => `${side}.headers${name.startsWith('[') ? '' : '.'}${name}`),
  ),
  'req.body',
  'request.body',
];

/** JSON lines for machines; readable lines on a terminal. Keys never reach the log: their headers are not logged at all. */
export function createLogger(level: string): Logger {
  const options = { level, redact: REDACTED };
  return process.stdout.isTTY
    ? pino(options, pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', sync: true }))
    : pino(options);
}
