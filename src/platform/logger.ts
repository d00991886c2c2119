import { pino } from 'pino';

/** A structured logger; every line carries what was bound to it (tenant, request id, job id). */
export type Logger = pino.Logger;

/** What of an error is worth a line: the drivers' errors carry whole connections, and statements with their values. */
function errorForLog(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause !== undefined && depth < 3 ? { cause: errorForLog(error.cause, depth + 1) } : {}),
  };
}

/**
 * Makes the process's logger: JSON lines on standard error, so that commands keep standard output for their results;
 * or into `destination`.
 */
export const createLogger = (settings: { level: string; role: string }, destination?: pino.DestinationStream): Logger =>
  pino(
    {
      level: settings.level,
      base: { role: settings.role },
      serializers: { err: (error: unknown) => errorForLog(error) },
      redact: {
        paths: [
          'req.headers.authorization',
          'req.headers.cookie',
          'req.headers["cascade-signature"]',
          'password',
          'secret',
        ],
        censor: '[redacted]',
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
