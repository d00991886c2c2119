import { decodeId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { opensOf, parkedDeals, rerunParked } from '../../trading/index.ts';

/** Parked deals of one reason that are looked at in one go. */
const LOOKED_AT_MAX = 1_000;

/** Reasons that go away by themselves once somebody registers what was missing. */
const MAPPINGS = ['trading.account_unknown', 'trading.group_unknown', 'trading.symbol_unknown'] as const;
const OPENS = 'commissions.open_unknown';

/** A deal that was parked this often, because it was parked again whenever it was put back, waits for a person. */
const PARKED_TIMES_MAX = 5;

/** How far each reason's parked deals have been looked at; beyond the last one it begins again. */
export type LookedAt = Map<string, bigint>;

/**
 * Puts back deals whose reason to be parked has gone: their account, group or symbol is known now, or the open of their
 * position has come. One page of each reason, so that many hopeless ones neither cost much nor hide those behind them.
 * Gives how many are due again.
 */
export async function mendParked(tx: TenantTx, lookedAt: LookedAt): Promise<number> {
  let due = 0;
  for (const code of MAPPINGS) {
    const { dealKeys, next } = await rerunParked(tx, { code, max: LOOKED_AT_MAX, after: lookedAt.get(code) ?? 0n });
    lookedAt.set(code, next ?? 0n);
    due += dealKeys.length;
  }
  const parked = await parkedDeals(tx, { code: OPENS, after: lookedAt.get(OPENS) ?? 0n, limit: LOOKED_AT_MAX });
  const last = parked.at(-1);
  lookedAt.set(OPENS, last === undefined || parked.length < LOOKED_AT_MAX ? 0n : decodeId(last.id));
  const hopeful = parked.filter(({ times }) => times < PARKED_TIMES_MAX).map(({ id }) => decodeId(id));
  const known = await opensOf(tx, hopeful);
  const mended = hopeful.filter((key) => known.has(key));
  if (mended.length === 0) return due;
  return due + (await rerunParked(tx, { dealKeys: mended, max: LOOKED_AT_MAX })).dealKeys.length;
}
