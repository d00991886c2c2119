import { constants } from 'node:os';
import { Command, CommanderError } from 'commander';
import { Problem } from '../kernel/problem.ts';
import { makeContext } from './cli/context.ts';
import { cliProblem } from './cli/errors.ts';
import { registerClients } from './cli/clients.ts';
import { registerFeed } from './cli/feed.ts';
import { registerIbs } from './cli/ibs.ts';
import { registerPlans } from './cli/plans.ts';
import { registerQueues } from './cli/queues.ts';
import { registerTenants } from './cli/tenants.ts';
import { registerTrading } from './cli/trading.ts';
import { registerVerify } from './cli/verify.ts';

const nouns = [registerTenants, registerIbs, registerClients, registerPlans, registerTrading, registerFeed, registerQueues, registerVerify];

/** The operator's command line: `npm run cascade -- <noun> <verb>`. Exit code 0 on success only. */
async function main(args: readonly string[]): Promise<number> {
  const program = new Command('cascade')
    .description('Cascade from the command line')
    .option('--json', 'print the result as one JSON document')
    .exitOverride()
    .configureOutput({ outputError: () => undefined }); // Our own words for it come below.
  const { context, exitCode, close } = makeContext(
    process.env,
    () => program.opts<{ json?: boolean }>().json === true,
  );
  for (const register of nouns) register(program, context);
  inheritSettings(program);
  const endBy = (signal: 'SIGINT' | 'SIGTERM'): void =>
    void close().finally(() => process.exit(128 + constants.signals[signal]));
  process.once('SIGINT', endBy).once('SIGTERM', endBy);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // It has shown its help.
    process.stderr.write(`${sentenceOf(error)}\n`);
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

process.exitCode = await main(process.argv.slice(2));
