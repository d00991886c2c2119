import { Problem } from '../kernel/problem.ts';
import { readConfig } from '../platform/config.ts';
import { createLogger } from '../platform/logger.ts';
import { type DatabaseSource, openPlatform, settleConfig } from './compose.ts';
import { processMetrics, type Role, type RoleDeps } from './roles.ts';
import { openWork } from './work.ts';
import type { Relay } from '../platform/events/index.ts';

const FORCED_EXIT_MS = 30_000;

/** A process that runs roles until it is told to stop. */
export type Running = { readonly deps: RoleDeps; readonly roles: readonly Role[] };

/**
 * Opens what every role stands on, starts the roles, and stops all in order (roles as listed, queues, databases) on SIGINT
 * or SIGTERM. A start that fails says why in one line and ends with 1; nothing is left running.
 */
export async function runProcess(
  name: string,
  source: DatabaseSource,
  start: (deps: RoleDeps, relayIs: (relay: Relay) => void) => Promise<readonly Role[]>,
  onStarted: (running: Running) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopAll(opened));
  const end = (): void => {
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
    void stop().then(() => process.exit(process.exitCode ?? 0));
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const config = settleConfig(readConfig(process.env), source);
    // At a terminal the lines of every request would hide what matters; whoever wants them asks for `info`.
    const level = source === 'own' && process.env.CASCADE_LOG_LEVEL === undefined ? 'warn' : config.logLevel;
    const log = createLogger({ level, role: name });
    process.on('unhandledRejection', (error) => log.fatal({ err: error }, 'an error that nobody handled'));
    const platform = await openPlatform(config, log, { source });
    opened.push(platform.close);
    const work = await openWork(platform, config, log);
    opened.push(work.close);
    let relay: Relay | undefined;
    const relayStats = () => relay?.stats();
    const deps: RoleDeps = {
      config,
      platform,
      work,
      log,
      relayStats,
      metrics: processMetrics(platform, work, relayStats),
    };
    const roles = await start(deps, (running) => {
      relay = running;
    });
    for (const role of [...roles].reverse()) opened.push(role.stop);
    await onStarted({ deps, roles });
    log.info({ roles: roles.map((role) => role.name) }, 'started');
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
    end();
  }
}

/** Last opened, first closed; one that fails to close does not keep the others open. */
async function stopAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of [...opened].reverse())
    await close().catch((error: unknown) => process.stderr.write(`While stopping: ${sentenceOf(error)}\n`));
}

const sentenceOf = (error: unknown): string =>
  error instanceof Problem ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
