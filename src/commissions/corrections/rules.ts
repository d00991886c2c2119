import type { Currency } from '../../kernel/currency.ts';
import { KIND_NUMBERS, reasonsOf } from '../booking/rules.ts';
import type { Payable } from '../booking/types.ts';
import type { NoPayReason } from '../types.ts';
import type { Becomes, Computed, LiveBooking, Reason, Revision, Share } from './types.ts';

const DAY_MS = 86_400_000;

/** Reasons that stand for all that was taken back: nothing is computed for such a revision. */
export const TAKEN_BACK: ReadonlySet<string> = new Set<NoPayReason>([
  'deal_deleted',
  'deal_earns_no_more',
  'charged_back',
  'booked_anew',
]);

/** Reasons after which a deal never earns again, whatever else is said of it. */
export const FINAL: ReadonlySet<string> = new Set<NoPayReason>(['deal_deleted', 'charged_back']);

/** Why a live booking as a whole pays nothing. */
export const wholeReason = ({ reasons }: Pick<LiveBooking, 'reasons'>): string | undefined =>
  reasons.find(({ component }) => component === -1)?.reason;

/**
 * The revisions that lead from what is booked to what a deal comes to: none where that is the same, else one that holds the
 * differences. Where the two cannot be subtracted (another currency, another period, nothing any more), one takes all back
 * first, as of the trade's own time, and the next books anew.
 */
export function revisionsOf(live: LiveBooking, becomes: Becomes): Revision[] {
  if (becomes.kind === 'nothing') return [takenBack(live, becomes.reason, becomes.factsKey)];
  const { computed } = becomes;
  if (isSame(live, computed)) return [];
  const isComparable = live.currency === computed.currency && live.closedAt.getTime() === computed.closedAt.getTime();
  if (isComparable || live.shares.length === 0) return [bookedAs(live, computed)];
  const back = takenBack(live, 'booked_anew', live.factsKey);
  return [back, bookedAs({ ...live, revision: back.revision, shares: [] }, computed)];
}

const takenBack = (live: LiveBooking, reason: NoPayReason, factsKey: bigint | null): Revision => ({
  dealKey: live.dealKey,
  revision: live.revision + 1,
  planVersionKey: live.planVersionKey,
  ibKey: live.ibKey,
  symbolKey: live.symbolKey,
  groupKey: live.groupKey,
  closedAt: live.closedAt,
  openedAt: live.openedAt,
  factsKey,
  rerunKey: live.rerunKey,
  currency: live.currency,
  earningUnits: 0n,
  units: { ib: 0n, client: 0n, house: 0n },
  changes: live.shares.map((share) => ({ ...share, units: -share.units })),
  reasons: [{ component: -1, reason }],
  execution: undefined,
  counted: undefined,
});

function bookedAs(live: LiveBooking, { result, ...keys }: Computed): Revision {
  const shares = sharesOf(result);
  return {
    ...keys,
    dealKey: live.dealKey,
    revision: live.revision + 1,
    earningUnits: result.kind === 'booked' ? result.earningUnits : 0n,
    units: { ib: unitsOf(shares, 'ib'), client: unitsOf(shares, 'client'), house: unitsOf(shares, 'house') },
    changes: differences(live.shares, shares),
    reasons: reasonsOf(result),
    counted: result.counted,
  };
}

const unitsOf = (shares: readonly Share[], kind: keyof typeof KIND_NUMBERS): bigint =>
  shares.reduce((sum, share) => (share.kind === KIND_NUMBERS[kind] ? sum + share.units : sum), 0n);

/** One share for each component and beneficiary: a true-up may give a beneficiary two. */
function sharesOf(result: Computed['result']): Share[] {
  if (result.kind !== 'booked') return [];
  const sums = new Map<string, Share>();
  for (const { kind, ...rebate } of result.rebates) {
    const share = { ...rebate, kind: KIND_NUMBERS[kind] };
    sums.set(nameOf(share), { ...share, units: (sums.get(nameOf(share))?.units ?? 0n) + share.units });
  }
  return [...sums.values()].filter(({ units }) => units !== 0n);
}

const nameOf = ({ component, kind, beneficiary }: Share): string => `${component}/${kind}/${beneficiary}`;

/** New less old; what is the same in both is no row. */
function differences(old: readonly Share[], fresh: readonly Share[]): Share[] {
  const before = new Map(old.map((share) => [nameOf(share), share]));
  const after = new Map(fresh.map((share) => [nameOf(share), share]));
  const gone = old.filter((share) => !after.has(nameOf(share))).map((share) => ({ ...share, units: -share.units }));
  const changed = fresh.map((share) => ({ ...share, units: share.units - (before.get(nameOf(share))?.units ?? 0n) }));
  return [...gone, ...changed].filter(({ units }) => units !== 0n);
}

function isSame(live: LiveBooking, { result, ...now }: Computed): boolean {
  return (
    live.planVersionKey === now.planVersionKey &&
    live.ibKey === now.ibKey &&
    live.symbolKey === now.symbolKey &&
    live.groupKey === now.groupKey &&
    live.factsKey === now.factsKey &&
    live.closedAt.getTime() === now.closedAt.getTime() &&
    live.earningUnits === (result.kind === 'booked' ? result.earningUnits : 0n) &&
    differences(live.shares, sharesOf(result)).length === 0 &&
    textOf(live.reasons) === textOf(reasonsOf(result))
  );
}

const textOf = (reasons: readonly Reason[]): string =>
  reasons
    .map(({ component, reason }) => `${component}=${reason}`)
    .toSorted()
    .join(' ');

/** What revisions change for each beneficiary: one signed sum by currency and UTC day of the close. The house moves no money. */
export function payablesOfRevisions(revisions: readonly Revision[]): Payable[] {
  const kinds = new Map<number, Payable['kind']>([
    [KIND_NUMBERS.ib, 'ib'],
    [KIND_NUMBERS.client, 'client'],
  ]);
  const sums = new Map<string, Payable>();
  for (const { changes, currency, closedAt } of revisions)
    for (const { kind: number, beneficiary, units } of changes) {
      const kind = kinds.get(number);
      if (kind === undefined || currency === null) continue;
      const dayMs = Math.floor(closedAt.getTime() / DAY_MS) * DAY_MS;
      const name = `${kind} ${beneficiary} ${currency} ${dayMs}`;
      const sum = sums.get(name)?.units ?? 0n;
      sums.set(name, { kind, beneficiary, currency: currency as Currency, dayMs, units: sum + units });
    }
  return [...sums.values()];
}
