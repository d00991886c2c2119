import { pino } from 'pino';

/** A structured logger; every line carries what was bound to it (tenant, request id, job id). */
export type Logger = pino.Logger;

/** Makes the process's logger: JSON lines on standard error, so that commands keep standard output for their results. */
export const createLogger = (settings: { level: string; role: string }): Logger =>
  pino(
    {
      level: settings.level,
      base: { role: settings.role },
      redact: {
        paths: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["cascade-signature"]', 'password', 'secret'],
        censor: '[redacted]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
