import { constants } from 'node:os';
import { Problem } from '../kernel/problem.ts';
import { readConfig } from '../platform/config.ts';
import type { Relay } from '../platform/events/index.ts';
import { createLogger } from '../platform/logger.ts';
import { type DatabaseAccess, type DatabaseSource, openPlatform, settleConfig } from './compose.ts';
import { mainProblem } from './errors.ts';
import { processMetrics, type Role, type RoleDeps } from './roles.ts';
import { openWork } from './work.ts';

/** Takes each role when it has started, so that it is stopped in the end; gives it back. */
export type Keep = <Started extends Role>(role: Started) => Started;

const FORCED_EXIT_MS = 30_000;

/**
 * Runs roles until the process is told to stop: opens what every role stands on, starts the roles, and stops all in order
 * (roles, the last first; queues; databases) on SIGINT, SIGTERM or SIGHUP. A start that fails says why in one line and ends
 * with 1; nothing is left running.
 */
export async function runProcess(
  name: string,
  { source, access }: { readonly source: DatabaseSource; readonly access: DatabaseAccess },
  start: (deps: RoleDeps, keep: Keep) => Promise<void>,
): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  const life = new Lifetime(() => stopAll(opened));
  try {
    const config = settleConfig(readConfig(process.env), source);
    // At a terminal the lines of every request would hide what matters; whoever wants them asks for `info`.
    const level = source === 'own' && process.env.CASCADE_LOG_LEVEL === undefined ? 'warn' : config.logLevel;
    const log = createLogger({ level, role: name });
    process.on('unhandledRejection', (error) => {
      log.fatal({ err: error }, 'an error that nobody handled'); // Nobody knows what it left half done: a new process begins clean.
      life.fail(error);
    });
    const platform = await openPlatform(config, log, {
      source,
      access,
      onDatabaseLost: (error) =>
        life.fail(mainProblem('main.database_lost', { detail: reasonOf(error), cause: error })),
    });
    opened.push(platform.close);
    life.mayGoOn();
    const work = await openWork(platform, config, log);
    opened.push(work.close);
    life.mayGoOn();
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
    await start(deps, (role) => {
      opened.push(role.stop);
      relay = role.relay ?? relay;
      log.info({ started: role.name }, 'a role has started');
      life.mayGoOn();
      return role;
    });
    life.isStarted();
  } catch (error) {
    life.fail(error);
  }
}

class Stopped extends Error {}

/** A process from its start to its end. A signal during the start lets the step at hand finish, and then ends all of it. */
class Lifetime {
  readonly #stopAll: () => Promise<void>;
  #isStarting = true;
  #signal: NodeJS.Signals | undefined;
  #isEnding = false;

  constructor(stopAll: () => Promise<void>) {
    this.#stopAll = stopAll;
    // Whoever read our words may have gone, as behind `| head`: the product goes on.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    // A terminal and npm may both send it, so it must not fall back to the default after the first.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#endBy(signal));
  }

  /** Throws where the process was told to stop meanwhile. */
  mayGoOn(): void {
    if (this.#signal !== undefined) throw new Stopped();
  }

  isStarted(): void {
    this.#isStarting = false;
    if (this.#signal !== undefined) this.#end(0);
  }

  /** Says why, and ends with 1. */
  fail(error: unknown): void {
    if (!(error instanceof Stopped)) process.stderr.write(`${sentenceOf(error)}\n`);
    this.#end(error instanceof Stopped ? 128 + constants.signals[this.#signal ?? 'SIGTERM'] : 1);
  }

  #endBy(signal: NodeJS.Signals): void {
    if (this.#signal !== undefined) return;
    this.#signal = signal;
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
    if (!this.#isStarting) this.#end(0);
  }

  #end(exitCode: number): void {
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
    if (this.#isEnding) return;
    this.#isEnding = true;
    void this.#stopAll().then(() => process.exit(exitCode));
  }
}

/** Last opened, first closed; one that fails to close does not keep the others open. */
async function stopAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of [...opened].reverse())
    await close().catch((error: unknown) => process.stderr.write(`While stopping: ${sentenceOf(error)}\n`));
}

const sentenceOf = (error: unknown): string =>
  error instanceof Problem ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
