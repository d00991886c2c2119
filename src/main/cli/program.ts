import { Command, CommanderError } from 'commander';
import { Problem } from '../../kernel/problem.ts';
import { makeContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { registerClients } from './clients.ts';
import { registerCosts } from './costs.ts';
import { registerFeed } from './feed.ts';
import { registerIbs } from './ibs.ts';
import { registerKeys } from './keys.ts';
import { registerPayouts } from './payouts.ts';
import { registerPlans } from './plans.ts';
import { registerRates } from './rates.ts';
import { registerQueues } from './queues.ts';
import { registerSchedules, registerStatements } from './statements.ts';
import { registerTenants } from './tenants.ts';
import { registerTrades } from './trades.ts';
import { registerTrading } from './trading.ts';
import { registerOperators, registerUsers } from './users.ts';
import { registerVerify } from './verify.ts';

const nouns = [
  registerTenants,
  registerUsers,
  registerOperators,
  registerIbs,
  registerClients,
  registerPlans,
  registerTrading,
  registerRates,
  registerCosts,
  registerTrades,
  registerSchedules,
  registerStatements,
  registerPayouts,
  registerFeed,
  registerQueues,
  registerKeys,
  registerVerify,
];

/** Where a run of the command line gets its settings from and where its words go. */
export type CliWorld = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Told how to end early, for signals. */
  readonly onOpen?: (close: () => Promise<void>) => void;
};

/** One run of the operator's command line; gives its exit code: 0 on success only. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<number> {
  const program = new Command('cascade')
    .description('Cascade from the command line')
    .option('--json', 'print the result as one JSON document')
    .exitOverride()
    // Our own words for faults come below.
    .configureOutput({ writeOut: world.write, writeErr: world.writeError, outputError: () => undefined });
  const { context, exitCode, close } = makeContext(
    world.environment,
    () => program.opts<{ json?: boolean }>().json === true,
    world.write,
  );
  for (const register of nouns) register(program, context);
  inheritSettings(program);
  world.onOpen?.(close);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // It has shown its help.
    world.writeError(`${sentenceOf(error)}\n`);
    return 1;
  } finally {
    await close();
  }
}

/** A group and its commands answer faults as the program does. */
function inheritSettings(command: Command): void {
  for (const child of command.commands) {
    child.copyInheritedSettings(command);
    inheritSettings(child);
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (error instanceof CommanderError) {
    const detail =
      error.code === 'commander.help'
        ? 'It takes a noun and a verb; --help lists them'
        : error.message.replace(/^error: /, '');
    return cliProblem('cli.usage', { detail }).message;
  }
  return `platform.internal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
