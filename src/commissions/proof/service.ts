import type { Clock } from '../../kernel/clock.ts';
import { awardIdOf, type DiscrepancyId, newUuid, type TenantId, tradeIdOf, type UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import type { PlanBook } from '../plans/store.ts';
import { recomputeRange } from '../replay/service.ts';
import { proveAwards } from './awards.ts';
import { proofProblem } from './errors.ts';
import * as queries from './queries.ts';

/** A sample is so many runs of neighbouring bookings, half of them begin in the newest batches: at most 200 bookings. */
const RUNS_NEWEST = 10;
const RUNS_ANYWHERE = 10;
const RUN_LENGTH = 10;
/** Of so many batches since the last sample; of a burst the older ones are left to chance. */
const BATCHES_MAX = 20;
const DETAIL_CHARACTERS_MAX = 2_000;
const origin = { actor: 'cascade', causation: 'proof' };

/** How many bookings a sample computed again, and of how many something else came out that nobody had said before. */
export type ProvenSample = {
  readonly proven: number;
  readonly different: readonly { id: DiscrepancyId; detail: string }[];
};

/**
 * Computes a sample of a tenant's bookings and awards again, by both engines: some of the newest and some of any age, never more
 * than 200 bookings and 20 awards.
 * It sees one moment. What differs is kept until somebody acknowledges it, and told as an event; the same is said once.
 */
export async function proveSample(
  deps: { readonly withTenant: WithTenant; readonly clock: Clock },
  tenantId: TenantId,
): Promise<ProvenSample> {
  const sample = await deps.withTenant(tenantId, origin, look);
  const { reached, newest, proven, found } = sample;
  if (newest === reached && found.length === 0) return { proven, different: [] };
  const different = await deps.withTenant(tenantId, origin, async (tx) => {
    await queries.moveProofPosition(tx, { batchKey: newest });
    return keep(tx, found, deps.clock);
  });
  return { proven, different };
}

/** Something different of a booking or of an award. */
type Difference = { readonly dealKey: bigint | null; readonly awardKey: bigint | null; readonly detail: string };

async function look(tx: TenantTx) {
  await queries.seeOneMomentOfBookings(tx, {});
  const { reached, newest } = onlyRow(await queries.proofPosition(tx, {}));
  const found: Difference[] = [];
  let proven = 0;
  if (newest === 0n) return { reached, newest, proven, found };
  const points = await queries.samplePoints(tx, {
    afterBatch: reached,
    batches: BATCHES_MAX,
    newest: RUNS_NEWEST,
    anywhere: RUNS_ANYWHERE,
  });
  const runs = await queries.runsFrom(tx, { dealKeys: points.map(({ dealKey }) => dealKey), length: RUN_LENGTH });
  const books = new Map<bigint, PlanBook>();
  for (const run of runs) {
    const again = await recomputeRange(tx, run, books);
    proven += again.recomputed;
    found.push(...again.found.map(([dealKey, detail]) => ({ dealKey, awardKey: null, detail })));
  }
  for (const { after } of await queries.sampleAwards(tx, {})) {
    const again = await proveAwards(tx, { after, limit: RUN_LENGTH });
    proven += again.recomputed;
    found.push(...again.found.map(([awardKey, detail]) => ({ dealKey: null, awardKey, detail })));
  }
  return { reached, newest, proven, found };
}

async function keep(tx: TenantTx, found: readonly Difference[], clock: Clock): Promise<ProvenSample['different']> {
  if (found.length === 0) return [];
  const kept = await queries.insertDiscrepancies(tx, {
    ids: found.map(() => newUuid(clock.now().getTime())),
    dealKeys: found.map(({ dealKey }) => dealKey),
    awardKeys: found.map(({ awardKey }) => awardKey),
    details: found.map(({ detail }) => detail.slice(0, DETAIL_CHARACTERS_MAX)),
  });
  return kept.map(({ id, detail, ...of }) => {
    emit(tx, {
      stream: `discrepancy/${id}`,
      type: 'commissions.discrepancy_found',
      schemaVersion: 1,
      payload: { discrepancyId: id, ...differsOn(of), detail },
    });
    return { id, detail };
  });
}

/** What a difference is about: a trade or an award. */
export const differsOn = ({ dealKey, awardKey }: { dealKey: bigint | null; awardKey: bigint | null }) => ({
  tradeId: dealKey === null ? null : tradeIdOf(dealKey),
  awardId: awardKey === null ? null : awardIdOf(awardKey),
});

export type Discrepancy = Awaited<ReturnType<typeof queries.discrepancyOfId>>[number];

/** Differences, the newest or the oldest first. */
export const listDiscrepancies = (
  tx: TenantTx,
  { state, page }: { readonly state: 'open' | 'acknowledged' | undefined; readonly page: PageAsked<'foundAt'> },
): Promise<Page<Discrepancy>> =>
  queries.pageOfDiscrepancies(tx, { isOpen: state === undefined ? null : state === 'open' }, page);

/** Closes a difference with a note. `commissions.discrepancy_unknown`, `commissions.discrepancy_acknowledged`. */
export async function acknowledgeDiscrepancy(
  tx: TenantTx,
  { id, note, userId }: { readonly id: DiscrepancyId; readonly note: string; readonly userId: UserId },
): Promise<Discrepancy> {
  const [closed] = await queries.acknowledge(tx, { id, note, userId });
  if (closed === undefined) {
    const [there] = await queries.discrepancyOfId(tx, { id });
    throw proofProblem(
      there === undefined ? 'commissions.discrepancy_unknown' : 'commissions.discrepancy_acknowledged',
      { detail: id },
    );
  }
  emit(tx, {
    stream: `discrepancy/${id}`,
    type: 'commissions.discrepancy_acknowledged',
    schemaVersion: 1,
    payload: { discrepancyId: id, ...differsOn(closed), note, by: userId },
  });
  return closed;
}

/** How many differences nobody has acknowledged, counted up to 1 000. */
export const openDiscrepancies = async (tx: TenantTx): Promise<number> =>
  onlyRow(await queries.openDiscrepancies(tx, {})).count;
