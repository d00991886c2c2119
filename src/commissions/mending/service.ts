import { decodeId } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf, opensOf, parkedDeals, rerunParked, withAccountState } from '../../trading/index.ts';
import { ratesInText } from '../inputs/wishes.ts';

/** Parked deals of one reason that are looked at in one go. */
const LOOKED_AT_MAX = 1_000;

/** Reasons that go away by themselves once somebody registers what was missing. */
const MAPPINGS = ['trading.account_unknown', 'trading.group_unknown', 'trading.symbol_unknown'] as const;
const OPENS = 'commissions.open_unknown';
const STATES = 'commissions.account_state_unknown';
const RATES = ['commissions.rate_missing', 'commissions.rate_stale'] as const;

/** A deal that was parked this often, because it was parked again whenever it was put back, waits for a person. */
const PARKED_TIMES_MAX = 5;

/** How far each reason's parked deals have been looked at; beyond the last one it begins again. */
export type LookedAt = Map<string, bigint>;

/**
 * Puts back deals whose reason to be parked has gone: their account, group or symbol is known now, or the open of their
 * position, the state of their account or a rate that they waited for has come. One page of each reason, so that many hopeless ones neither cost much nor hide those behind them.
 * Gives how many are due again.
 */
export async function mendParked(tx: TenantTx, lookedAt: LookedAt): Promise<number> {
  let due = 0;
  for (const code of MAPPINGS) {
    const { dealKeys, next } = await rerunParked(tx, { code, max: LOOKED_AT_MAX, after: lookedAt.get(code) ?? 0n });
    lookedAt.set(code, next ?? 0n);
    due += dealKeys.length;
  }
  const mended = [
    ...(await whoseOpenCame(tx, await hopeful(tx, OPENS, lookedAt))),
    ...(await withAccountState(
      tx,
      (await hopeful(tx, STATES, lookedAt)).map(({ dealKey }) => dealKey),
    )),
    ...(await whoseRateCame(tx, await hopeful(tx, RATES[0], lookedAt))),
    ...(await whoseRateCame(tx, await hopeful(tx, RATES[1], lookedAt))),
  ];
  for (let from = 0; from < mended.length; from += LOOKED_AT_MAX) {
    const dealKeys = mended.slice(from, from + LOOKED_AT_MAX);
    due += (await rerunParked(tx, { dealKeys, max: LOOKED_AT_MAX })).dealKeys.length;
  }
  return due;
}

type Waiting = { readonly dealKey: bigint; readonly detail: string };

/** The next page of the deals that wait for one reason, without those that were put back too often. */
async function hopeful(tx: TenantTx, code: string, lookedAt: LookedAt): Promise<Waiting[]> {
  const parked = await parkedDeals(tx, { code, after: lookedAt.get(code) ?? 0n, limit: LOOKED_AT_MAX });
  const last = parked.at(-1);
  lookedAt.set(code, last === undefined || parked.length < LOOKED_AT_MAX ? 0n : decodeId(last.id));
  return parked
    .filter(({ times }) => times < PARKED_TIMES_MAX)
    .map(({ id, detail }) => ({ dealKey: decodeId(id), detail }));
}

async function whoseOpenCame(tx: TenantTx, waiting: readonly Waiting[]): Promise<bigint[]> {
  const dealKeys = waiting.map(({ dealKey }) => dealKey);
  const known = await opensOf(tx, dealKeys);
  return dealKeys.filter((key) => known.has(key));
}

/** Deals that wait for rates of which one is there by now, and young enough: what is missing still is said anew then. */
async function whoseRateCame(tx: TenantTx, waiting: readonly Waiting[]): Promise<bigint[]> {
  const missing = waiting.flatMap(({ dealKey, detail }) => ratesInText(detail).map((rate) => ({ ...rate, dealKey })));
  const found = await conversionsOf(tx, missing);
  const came = missing.filter(
    ({ ageMsMax }, place) => found[place]?.rows.every(({ ageMs }) => ageMs <= ageMsMax) === true,
  );
  return [...new Set(came.map(({ dealKey }) => dealKey))];
}
