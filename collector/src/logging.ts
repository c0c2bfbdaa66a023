import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';

/** JSON lines for machines; readable lines on a terminal. Keys never reach the log: their headers are not logged at all. */
export function createLogger(level: string): Logger {
  const options = { level, redact: ['req.headers.authorization', 'req.headers["x-api-key"]'] };
  return process.stdout.isTTY
    ? pino(options, pretty({ ignore: 'pid,hostname', translateTime: 'HH:MM:ss', sync: true }))
    : pino(options);
}
