import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { componentName } from '../contract.ts';
import { versionNames } from '../plans/queries.ts';
import * as queries from './queries.ts';
import type { AwardEntry, EarningLine, EarningSum, TradeEntry } from './types.ts';

/** What an IB has of a trade, entry by entry, those of the live revision first; nothing where it has no part of it. */
export async function entriesOfTrade(
  tx: TenantTx,
  asked: { readonly ibKey: number; readonly dealKey: bigint },
): Promise<TradeEntry[]> {
  const rows = await queries.entriesOfTrade(tx, asked);
  if (rows.length === 0) return [];
  const versionKeys = [...new Set(rows.map(({ planVersionKey }) => planVersionKey))];
  const names = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version.components]));
  return rows.map(({ planVersionKey, componentNumber, ...row }) => ({
    ...row,
    componentNumber,
    component: componentName(names.get(planVersionKey) ?? [], componentNumber),
  }));
}

/** An IB's part of an award; undefined where it has none. */
export async function entryOfAward(
  tx: TenantTx,
  asked: { readonly ibKey: number; readonly awardKey: bigint },
): Promise<AwardEntry | undefined> {
  return (await queries.entryOfAward(tx, asked))[0];
}

/** The line before all earnings. */
const BEGINNING: EarningLine = { cutKey: 0n, until: new Date('0001-01-01T00:00:00Z') };

const kindOf = (number: number): EarningSum['kind'] =>
  number === KIND_NUMBERS.ib ? 'ib' : number === KIND_NUMBERS.client ? 'client' : 'house';

/**
 * What was earned between two lines, by currency and kind of beneficiary. Both being fixed, it comes to the same for ever:
 * nothing is added before a cut.
 */
export async function sumsBetween(
  tx: TenantTx,
  after: EarningLine | undefined,
  upTo: EarningLine,
): Promise<EarningSum[]> {
  const from = after ?? BEGINNING;
  const rows = await queries.sumsBetween(tx, { ...upTo, afterCutKey: from.cutKey, afterAt: from.until });
  return rows.map(({ kind, ...row }) => ({ ...row, kind: kindOf(kind) }));
}
