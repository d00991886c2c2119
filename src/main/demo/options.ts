import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { demoProblem } from './errors.ts';

/** What the demo is asked to do. `trades` counts closing deals in all, the real ones included. */
export type DemoOptions = {
  readonly trades: number;
  readonly file: string | undefined;
  readonly login: string | undefined;
  readonly json: boolean;
};

const TRADES_DEFAULT = '2000';
const TRADES_MAX = 1_000_000;

const HELP = `
What it does: makes a brokerage in a scratch data folder, pushes real and generated MT5 deals through the signed HTTP feed,
waits until every closing deal is booked, and prints what each introducing broker earned, a trade explained, and the proof
that nothing was lost or made up. Then everything is removed. The same options give the same figures.

  npm run demo                               ${TRADES_DEFAULT} trades, the first of them real
  npm run demo -- --trades 20000             more
  npm run demo -- --file ReportHistory.xlsx  the deals of your own report (HTML, xlsx) in place of the built-in ones
  npm run demo -- --file deals.csv --login 5006391922
  npm run --silent demo -- --json            one JSON object and nothing else (npm without its own lines)

DATABASE_URL and REDIS_URL are used where they are set; what the demo made there is removed as well.`;

/** Reads the arguments; undefined when the help was asked for and shown. Throws `demo.usage` for anything else. */
export function readOptions(args: readonly string[]): DemoOptions | undefined {
  const command = new Command('npm run demo --')
    .description('The main job of Cascade from end to end: trades in, rebates up the tree, books that add up.')
    .option(
      '--trades <n>',
      `closing deals in all, 0 to ${TRADES_MAX}; generated ones are added to the real ones up to this number`,
      tradesOf,
      Number(TRADES_DEFAULT),
    )
    .option('--file <path>', 'an MT5 report: HTML, ReportHistory workbook (xlsx), or CSV of history_deals_get')
    .option('--login <login>', 'whose deals a CSV holds; the other kinds say it themselves', loginOf)
    .option('--json', 'print one JSON object only', false)
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw demoProblem('demo.usage', { detail: `${error.message.replace(/^error: /, '')} (--help tells more)` });
  }
  if (command.args.length > 0)
    throw demoProblem('demo.usage', { detail: `It takes options only, read ${JSON.stringify(command.args[0])}` });
  const { trades, file, login, json } = command.opts<{
    trades: number;
    file?: string;
    login?: string;
    json: boolean;
  }>();
  return { trades, file, login, json };
}

function tradesOf(text: string): number {
  if (!/^\d{1,7}$/.test(text) || Number(text) > TRADES_MAX)
    throw new InvalidArgumentError(`It takes a whole number from 0 to ${TRADES_MAX}.`);
  return Number(text);
}

function loginOf(text: string): string {
  if (!/^[1-9]\d{0,18}$/.test(text)) throw new InvalidArgumentError('It takes a login as MetaTrader shows it.');
  return text;
}
