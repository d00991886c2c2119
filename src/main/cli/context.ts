import { createLogger, type Logger } from '../../platform/logger.ts';
import { readConfig } from '../../platform/config.ts';
import type { CompleteConfig } from '../../platform/secrets.ts';
import type { Tenancy } from '../../tenancy/index.ts';
import { openPlatform, type Platform, settleConfig } from '../compose.ts';
import { makeOut, type Out } from './out.ts';

/** Commands such as `verify` read whole tables of a tenant. */
const STATEMENT_MS_MAX = 30 * 60_000;

/** What each group of commands is given. Nothing is read or opened before a command asks for it, so that help always works. */
export type CliContext = {
  readonly config: () => CompleteConfig;
  readonly log: () => Logger;
  readonly openPlatform: () => Promise<Platform>;
  /** The tenants, opened once and closed when the command has ended. */
  readonly openTenancy: () => Promise<Tenancy>;
  readonly out: Out;
};

/** The context of one run of the command line, and how it ends. */
export function makeContext(
  environment: Readonly<Record<string, string | undefined>>,
  json: () => boolean,
  write: (text: string) => void,
) {
  let exitCode = 0;
  let config: CompleteConfig | undefined;
  let log: Logger | undefined;
  let platform: Promise<Platform> | undefined;
  const context: CliContext = {
    config: () => (config ??= settleConfig(readConfig(environment), 'shared')),
    log: () =>
      (log ??= createLogger({
        level: environment.CASCADE_LOG_LEVEL === undefined ? 'warn' : context.config().logLevel,
        role: 'cli',
      })),
    openPlatform: () =>
      (platform ??= openPlatform(context.config(), context.log(), {
        source: 'shared',
        statementMsMax: STATEMENT_MS_MAX,
      })),
    openTenancy: async () => (await context.openPlatform()).tenancy,
    out: makeOut({ json, write, failed: (code) => (exitCode = code) }),
  };
  return {
    context,
    exitCode: () => exitCode,
    /** Closes what was opened; an opening that failed has closed its part itself. */
    close: async (): Promise<void> => {
      const opened = await platform?.catch(() => undefined);
      await opened?.close();
    },
  };
}
