import { createHash } from 'node:crypto';
import { z } from 'zod';
import { loginsWithin } from '../../clients/index.ts';
import { ClientId, IbId, keyOfId, TradeId } from '../../kernel/ids.ts';
import { ibKeys } from '../../ib/index.ts';
import { reachesEverything } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { closedTrades } from '../../trading/index.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { FINAL, revisionsOf, wholeReason } from '../corrections/rules.ts';
import { type Knowing, recomputeTrades, tradeOfLive, type Wanted } from '../corrections/service.ts';
import { liveBookings } from '../corrections/store.ts';
import type { LiveBooking } from '../corrections/types.ts';
import * as queries from './queries.ts';
import { changeText, involves } from './store.ts';

/** Which trades a re-run is of, as it is kept. */
export const KeptSelection = z.strictObject({
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  tradeIds: z.array(TradeId).optional(),
  clientId: ClientId.optional(),
  ibId: IbId.optional(),
});
export type KeptSelection = z.infer<typeof KeptSelection>;

/** Trades of a page. */
export const PAGE = 500;
const LOGINS_MAX = 10_000;

/** Where the next page begins: behind this trade, by its close. */
export const Point = z.strictObject({ at: z.iso.datetime(), key: z.string() });
export type Point = z.infer<typeof Point>;

/** The next trades of a selection that were booked, by their close. */
async function nextTrades(
  tx: TenantTx,
  selection: KeptSelection,
  after: Point | undefined,
): Promise<{ readonly dealKeys: readonly bigint[]; readonly next: Point | undefined }> {
  const { tradeIds, clientId, from, to } = selection;
  const instant = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
  if (tradeIds !== undefined && after !== undefined) return { dealKeys: [], next: undefined }; // One page holds the longest list.
  if (tradeIds !== undefined) {
    const named = tradeIds.flatMap((id) => keyOfId(id) ?? []);
    return { dealKeys: await bookedAmong(tx, named), next: undefined };
  }
  const logins =
    clientId === undefined ? undefined : await loginsWithin(tx, reachesEverything, { clientId, limit: LOGINS_MAX });
  if (logins?.length === 0) return { dealKeys: [], next: undefined };
  const trades = await closedTrades(tx, {
    range: { logins, from: instant(from), to: instant(to) },
    sort: 'closedAt',
    after: after === undefined ? null : { closedAt: new Date(after.at), dealKey: BigInt(after.key) },
    limit: PAGE,
  });
  const last = trades.at(-1);
  return {
    dealKeys: await bookedAmong(
      tx,
      trades.map(({ dealKey }) => dealKey),
    ),
    next:
      trades.length < PAGE || last === undefined
        ? undefined
        : { at: last.closedAt.toISOString(), key: String(last.dealKey) },
  };
}

const bookedAmong = async (tx: TenantTx, dealKeys: readonly bigint[]): Promise<bigint[]> =>
  dealKeys.length === 0 ? [] : (await queries.bookedAmong(tx, { dealKeys })).map(({ dealKey }) => dealKey);

/** What a page of a re-run would change: the text of each change, and of what cannot be computed the code. */
export type RerunPage = {
  readonly knownAt: Date;
  readonly looked: number;
  readonly changes: readonly { readonly live: LiveBooking; readonly text: string }[];
  readonly hindered: readonly { readonly dealKey: bigint; readonly code: string }[];
  readonly next: Point | undefined;
};

/**
 * Computes the next page of a re-run; writes nothing. What was deleted or charged back is left out, and so are, where an IB is
 * named, trades that it has no part of before or after.
 */
export async function rerunPage(
  tx: TenantTx,
  knowing: Knowing,
  rerun: { readonly key: number; readonly selection: KeptSelection; readonly keepsTerms: boolean },
  after: Point | undefined,
): Promise<RerunPage> {
  const { selection } = rerun;
  const { dealKeys, next } = await nextTrades(tx, selection, after);
  const live = [...(await liveBookings(tx, dealKeys)).values()].filter((each) => !FINAL.has(wholeReason(each) ?? ''));
  const rerunKey = rerun.keepsTerms ? rerun.key : null; // By what held there is nothing to keep.
  const wanted = live.map((each): Wanted => ({ kind: 'trade', trade: tradeOfLive(each), rerunKey }));
  const { results, knownAt } = await recomputeTrades(tx, knowing, wanted);
  const ibKey = selection.ibId === undefined ? undefined : (await ibKeys(tx, [selection.ibId])).get(selection.ibId);
  const changes: RerunPage['changes'][number][] = [];
  const hindered: RerunPage['hindered'][number][] = [];
  for (const each of live) {
    const result = results.get(each.dealKey) ?? { code: 'commissions.inputs_gone' };
    if ('code' in result) hindered.push({ dealKey: each.dealKey, code: result.code });
    else {
      const revisions = revisionsOf(each, { kind: 'computed', computed: result.computed });
      const isMeant = ibKey === undefined || involves(ibKey, each, revisions, KIND_NUMBERS.ib);
      if (revisions.length > 0 && isMeant) changes.push({ live: each, text: changeText(each, revisions) });
    }
  }
  return { knownAt, looked: live.length, changes, hindered, next };
}

export const EMPTY_DIGEST = createHash('sha256').digest('hex');

/** The digest of all changes up to here: each is joined with the digest before it. */
export const digestOf = (before: string, { changes, hindered }: RerunPage): string =>
  [
    ...changes.map(({ live, text }) => `${live.dealKey} ${live.revision} ${text}`),
    ...hindered.map(({ dealKey, code }) => `${dealKey} ${code}`),
  ].reduce((digest, line) => createHash('sha256').update(`${digest}\n${line}`).digest('hex'), before);
