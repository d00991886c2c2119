import { closesVolume, isEligible, isTraded } from '../rules.ts';
import type { Deal } from '../types.ts';
import type { Facts, Handling, Instant, NothingEarned, ResolveCode } from './types.ts';

/** A reason to park that the deal itself gives: its values cannot be right. */
export type Doubt = { readonly code: string; readonly detail: string };

/** A batch has fewer lines than this. */
export const LINES_PER_BATCH = 1_024n;

/** The key of the deal that a line of a feed batch brought: keys rise with the batches and, within one, with the lines. */
export const dealKeyOf = (batchKey: bigint, line: number): bigint => batchKey * LINES_PER_BATCH + BigInt(line);

/** The key of the feed batch that brought a deal. */
export const batchKeyOf = (dealKey: bigint): bigint => dealKey / LINES_PER_BATCH;

const parked = (code: ResolveCode, detail: string): Handling => ({ handling: 'parked', code, detail });

/** The row in force at an instant. */
const at = <Row extends { readonly fromMs: number; readonly toMs: number }>(
  rows: readonly Row[] | undefined,
  ms: number,
) => rows?.find((row) => row.fromMs <= ms && ms < row.toMs);

const shown = (name: string): string => JSON.stringify(name);

/**
 * What becomes of a deal, by what is known now of the account, group and symbol it names. Symbols and groups are those
 * in force when it happened. Money and technical executions are kept whatever is known: nothing is earned by them.
 */
export function handlingOf(deal: Deal, instant: Instant, facts: Facts, doubt: Doubt | undefined): Handling {
  if (!isTraded(deal)) return { handling: 'kept' };
  const earnsNothing = (why: NothingEarned): Handling => ({ handling: closesVolume(deal) ? why : 'kept' });
  if (!isEligible(deal)) return earnsNothing('technical');
  if (doubt !== undefined) return { handling: 'parked', ...doubt };
  if (instant.utcMs === undefined)
    return parked('trading.time_nonexistent', `The server's clock never shows ${deal.serverTimeMs} ms since 1970`);
  const account = facts.accounts.get(deal.login);
  if (account === undefined)
    return parked('trading.account_unknown', `No account has the login ${deal.login} on this server`);
  const group = at(facts.groups.get(account.group), instant.utcMs);
  if (group === undefined)
    return parked('trading.group_unknown', `The account group ${shown(account.group)} is not described`);
  if (!group.pays) return earnsNothing('group_unpaid');
  const symbol = at(facts.symbols.get(deal.symbol), instant.utcMs);
  if (symbol === undefined) return parked('trading.symbol_unknown', `The symbol ${shown(deal.symbol)} is not mapped`);
  if (!closesVolume(deal) && !facts.countsOpens) return { handling: 'kept' };
  const to = { accountKey: account.key, clientKey: account.clientKey, groupKey: group.key, symbolKey: symbol.key };
  return { handling: 'due', to };
}
