import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  amendmentsWait,
  bookAfterAll,
  type BookedAmendment,
  carryOut,
  forgetPositions,
  keepWaiting,
  noteLateOpens,
  takeUpAmendments,
  touchedPositions,
} from '../../trading/index.ts';
import { rerunApplying } from '../corrections/queries.ts';
import { FINAL, wholeReason } from '../corrections/rules.ts';
import { correctTrades, type LiveBooking, tradeOfLive, type Wanted } from '../corrections/service.ts';
import { liveBookings } from '../corrections/store.ts';
import { holdSettlement } from '../cuts/service.ts';
import { openBook, type PlanBook, type PlanBooks } from '../plans/store.ts';

/** Updates and deletions, and touched positions, that are looked at in one transaction. */
const LOOKED_AT_MAX = 500;

/** What a round came to. */
export type AmendmentRound = {
  /** Deals whose booking was corrected. */
  readonly corrected: number;
  /** Deals that were not booked yet: the amended facts are what gets booked. */
  readonly replaced: number;
  /** Where to go on: the key to give as `after`; undefined when all were looked at. */
  readonly next: bigint | undefined;
};

const NOTHING: AmendmentRound = { corrected: 0, replaced: 0, next: undefined };

const REASONS = {
  deleted: 'The platform deleted or cancelled the deal',
  updated: 'The platform updated the deal',
  late: 'An entry of the position came late, or changed',
} as const;

/**
 * Takes up what the feed says of deals afterwards: updates and deletions replace what is to be booked, or correct what was, by
 * what is known of tree, plans and rates now. A deal that was deleted or charged back stays so. While a re-run is being carried
 * out all waits: what people agreed to is not changed under their hands.
 */
export async function carryOutAmendments(
  tx: TenantTx,
  books: PlanBooks,
  { after }: { readonly after: bigint },
): Promise<AmendmentRound> {
  if (!(await amendmentsWait(tx, { after }))) return NOTHING; // Looked at without the lock that others wait for.
  await holdSettlement(tx);
  if ((await rerunApplying(tx, {})).length > 0) return NOTHING;
  const { replaced, booked, next } = await takeUpAmendments(tx, { after, max: LOOKED_AT_MAX });
  if (booked.length === 0) return { corrected: 0, replaced, next };
  const live = await liveBookings(
    tx,
    booked.map(({ dealKey }) => dealKey),
  );
  const unbooked = booked.filter(({ dealKey }) => !live.has(dealKey)); // No trades until now.
  await bookAfterAll(tx, unbooked);
  const ended = booked.filter(({ dealKey }) => isFinal(live.get(dealKey)));
  const open = booked.filter(({ dealKey }) => live.has(dealKey) && !isFinal(live.get(dealKey)));
  const done: BookedAmendment[] = [...ended];
  const book = await books.read(tx);
  for (const deleted of [true, false]) {
    const ofKind = open.filter(({ now }) => (now.kind === 'nothing' && now.why === 'deleted') === deleted);
    const { hindered } = await correctTrades(
      tx,
      { book },
      ofKind.map((each) => wantedOf(each, live.get(each.dealKey))),
      { kind: 'amendment', reason: deleted ? REASONS.deleted : REASONS.updated },
    );
    const codes = new Map(hindered.map(({ dealKey, code }) => [dealKey, code]));
    done.push(...ofKind.filter(({ dealKey }) => !codes.has(dealKey)));
    await keepWaiting(
      tx,
      ofKind.flatMap(({ dealKey, versionKey }) => {
        const code = codes.get(dealKey);
        return code === undefined ? [] : [{ versionKey, detail: code }];
      }),
    );
  }
  await carryOut(tx, done);
  return { corrected: done.length - ended.length, replaced: replaced + unbooked.length, next };
}

const isFinal = (live: LiveBooking | undefined): boolean => live !== undefined && FINAL.has(wholeReason(live) ?? '');

/** The terms of the last re-run go on holding for the deal. */
function wantedOf({ dealKey, versionKey, now }: BookedAmendment, live: LiveBooking | undefined): Wanted {
  if (now.kind === 'nothing') {
    const reason = now.why === 'deleted' ? 'deal_deleted' : 'deal_earns_no_more';
    return { kind: 'nothing', dealKey, reason, factsKey: versionKey };
  }
  const { symbolKey, groupKey, closedAt } = now;
  return {
    kind: 'trade',
    trade: { dealKey, symbolKey, groupKey, closedAt, factsKey: versionKey },
    rerunKey: live?.rerunKey ?? null,
  };
}

/**
 * Looks at booked closes of positions of which something changed: an entry that came after them, or was amended. Each is
 * computed again by what was known when it was booked, so that nothing but the entry makes the difference. Gives how many were
 * corrected.
 */
export async function correctLateEntries(tx: TenantTx, books: PlanBooks): Promise<number> {
  const { needsOpens, needsExecutions } = await books.read(tx);
  await noteLateOpens(tx, { looked: needsOpens || needsExecutions });
  if ((await touchedPositions(tx, { max: 1 })).length === 0) return 0;
  await holdSettlement(tx);
  if ((await rerunApplying(tx, {})).length > 0) return 0;
  const positions = await touchedPositions(tx, { max: LOOKED_AT_MAX });
  if (positions.length === 0) return 0;
  const live = await liveBookings(tx, [...new Set(positions.flatMap(({ dealKeys }) => dealKeys ?? []))]);
  const opened = new Map<bigint, PlanBook>(); // Many share one: what is known changes with every batch, plans do seldom.
  let corrected = 0;
  for (const group of byKnowledge([...live.values()].filter((booking) => !isFinal(booking)))) {
    const [first] = group;
    if (first === undefined) continue;
    const { knownAt, configurationVersion } = first;
    const book = opened.get(configurationVersion) ?? (await openBook(tx, configurationVersion));
    opened.set(configurationVersion, book);
    const { dealKeys } = await correctTrades(
      tx,
      { book, knownAt },
      group.map((booking) => ({ kind: 'trade', trade: tradeOfLive(booking), rerunKey: booking.rerunKey })),
      { kind: 'late_entry', reason: REASONS.late },
    );
    corrected += dealKeys.length;
  }
  await forgetPositions(tx, positions);
  return corrected;
}

function byKnowledge(bookings: readonly LiveBooking[]): LiveBooking[][] {
  const groups = new Map<string, LiveBooking[]>();
  for (const booking of bookings) {
    const name = `${booking.configurationVersion} ${booking.knownAt.getTime()}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [booking]);
    else group.push(booking);
  }
  return [...groups.values()];
}
