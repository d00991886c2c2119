import { makeCut } from '../../commissions/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { presentInstant } from '../parties/service.ts';
import { endsDue, FIRST_TERMS, gridOf, isFine, signatureOf } from '../schedules/rules.ts';
import * as queries from './queries.ts';
import type { Candidate, Cycle } from './types.ts';

/** Ends that were missed are made up for one by one up to so many; the first of these then tells of all before. */
const MISSED_MAX = 40;
/** What is read at a time: so many trades, in no more than so many batches. */
const TRADES_READ_MAX = 50_000;
const BATCHES_READ_MAX = 20_000;

const DAY_MS = 86_400_000;

const FIRST_SIGNATURE = signatureOf(FIRST_TERMS);

/** Statements of a signature that are due: those of the period that ends then, and of all before. */
export type DueCycles = { readonly signature: string; readonly endsAt: Date };

/** What is due at an instant, now unless given. Quick where nothing is. */
export async function cyclesDue(tx: TenantTx, at?: Date): Promise<DueCycles[]> {
  const nowMs = (at ?? (await presentInstant(tx))).getTime();
  return (await queries.signatures(tx, { first: FIRST_SIGNATURE })).flatMap(({ signature, lastEnd, isOpen }) => {
    const last = endsDue(gridOf(signature), lastEnd?.getTime() ?? null, nowMs, MISSED_MAX).at(-1);
    const endsAt = last === undefined ? (isOpen ? lastEnd : null) : new Date(last);
    return endsAt === null ? [] : [{ signature, endsAt }];
  });
}

/**
 * The cycle of a signature that is to be worked on; `begun` where the next that is due up to an end was begun just now, by a line
 * through the bookings: then nothing else is to be done in the transaction, for bookings wait for it. Undefined where all are
 * done. To be called first in its transaction: nobody else works on cycles until it ends.
 */
export async function takeCycle(tx: TenantTx, { signature, endsAt }: DueCycles): Promise<Cycle | 'begun' | undefined> {
  await queries.lockCycles(tx, {});
  const [open] = await queries.openCycle(tx, { signature });
  if (open !== undefined) return open;
  const done = onlyRow(await queries.lastEnd(tx, { signature })).endsAt;
  const grid = gridOf(signature);
  const upToMs = endsAt.getTime() + grid.delayDays * DAY_MS;
  const [next] = endsDue(grid, done?.getTime() ?? null, upToMs, MISSED_MAX);
  if (next === undefined) return undefined;
  const { batchKey: cutBatch, at: cutAt } = await makeCut(tx);
  await queries.insertCycle(tx, { signature, endsAt: new Date(next), cutBatch, cutAt });
  return 'begun';
}

/** Reads a further part of a cycle's batches; false where all are read. */
export async function readOn(tx: TenantTx, cycle: Cycle): Promise<boolean> {
  if (cycle.readTo >= cycle.cutBatch) return false;
  const { upTo } = onlyRow(
    await queries.batchesToRead(tx, {
      after: cycle.readTo,
      cutBatch: cycle.cutBatch,
      tradesMax: TRADES_READ_MAX,
      batchesMax: BATCHES_READ_MAX,
    }),
  );
  await queries.readBatches(tx, {
    cycleKey: cycle.key,
    endsAt: cycle.endsAt,
    after: cycle.readTo,
    upTo: upTo ?? cycle.cutBatch,
  });
  return true;
}

/** The next beneficiaries who may get a statement in a cycle that is read, and how to go on behind them. */
export async function nextCandidates(
  tx: TenantTx,
  { key: cycleKey, signature, endsAt, afterKind, afterParty }: Cycle,
  { limit, entriesMax }: { readonly limit: number; readonly entriesMax: bigint },
): Promise<{ readonly members: readonly Candidate[]; readonly goOn: () => Promise<void> }> {
  const withCarried = !isFine(gridOf(signature));
  const found = await queries.nextCandidates(tx, {
    cycleKey,
    signature,
    endsAt,
    afterKind,
    afterParty,
    withCarried,
    limit,
    first: FIRST_SIGNATURE,
  });
  let entries = 0n;
  const taken = found.filter((each, place) => {
    entries += each.entries;
    return place === 0 || entries <= entriesMax;
  });
  const last = taken.at(-1);
  const isLast = taken.length === found.length && found.length < limit;
  const goOn = async (): Promise<void> => {
    if (isLast || last === undefined) await queries.endCycle(tx, { cycleKey });
    else await queries.moveCycle(tx, { cycleKey, afterKind: last.kind, afterParty: last.party });
  };
  return { members: taken.filter(({ isMember }) => isMember), goOn };
}
