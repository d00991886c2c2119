import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { insertBatch } from '../booking/queries.ts';
import { Terms } from '../inputs/terms.ts';
import { rowsByDeal } from '../rules.ts';
import * as queries from './queries.ts';
import type { Cause, LiveBooking, Revision } from './types.ts';

/** What is booked of these deals now, by deal; those without a booking have no entry. */
export async function liveBookings(
  tx: TenantTx,
  dealKeys: readonly bigint[],
): Promise<ReadonlyMap<bigint, LiveBooking>> {
  if (dealKeys.length === 0) return new Map();
  const bookings = await queries.liveBookings(tx, { dealKeys });
  const shares = rowsByDeal(await queries.liveShares(tx, { dealKeys }));
  const reasons = rowsByDeal(await queries.liveReasons(tx, { dealKeys }));
  return new Map(
    bookings.map((booking) => [
      booking.dealKey,
      { ...booking, shares: shares.get(booking.dealKey) ?? [], reasons: reasons.get(booking.dealKey) ?? [] },
    ]),
  );
}

/** The terms of these re-runs by their keys. */
export async function termsOf(tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, Terms>> {
  if (keys.length === 0) return new Map();
  const rows = await queries.termsOfReruns(tx, { keys: [...new Set(keys)] });
  return new Map(rows.map(({ key, terms }) => [key, Terms.parse(terms)]));
}

/** Writes revisions as one batch with its cause; gives the key of the batch. What they change is posted by the caller. */
export async function insertRevisions(
  tx: TenantTx,
  revisions: readonly Revision[],
  cause: Cause,
  known: { readonly knownAt: Date; readonly configurationVersion: bigint },
): Promise<bigint> {
  const kind = cause.kind === 'true_up' ? 'true_up' : 'correction';
  const { key: batchKey } = onlyRow(await insertBatch(tx, { kind, trades: revisions.length, ...known }));
  if (kind === 'correction')
    await queries.insertCorrection(tx, {
      batchKey,
      cause: cause.kind,
      reason: cause.reason,
      rerunKey: cause.rerunKey,
      approvalId: cause.approvalId,
    });
  await queries.insertRevisions(tx, {
    batchKey,
    dealKeys: revisions.map(({ dealKey }) => dealKey),
    revisions: revisions.map(({ revision }) => revision),
    planVersionKeys: revisions.map(({ planVersionKey }) => planVersionKey),
    ibKeys: revisions.map(({ ibKey }) => ibKey),
    symbolKeys: revisions.map(({ symbolKey }) => symbolKey),
    groupKeys: revisions.map(({ groupKey }) => groupKey),
    closedAts: revisions.map(({ closedAt }) => closedAt),
    openedAts: revisions.map(({ openedAt }) => openedAt),
    earningUnits: revisions.map(({ earningUnits }) => earningUnits),
    ibUnits: revisions.map(({ units }) => units.ib),
    clientUnits: revisions.map(({ units }) => units.client),
    houseUnits: revisions.map(({ units }) => units.house),
    factsKeys: revisions.map(({ factsKey }) => factsKey),
    rerunKeys: revisions.map(({ rerunKey }) => rerunKey),
  });
  await insertDetails(tx, revisions);
  return batchKey;
}

async function insertDetails(tx: TenantTx, revisions: readonly Revision[]): Promise<void> {
  const ofRevision = <Row>(rowsOf: (revision: Revision) => readonly Row[]) =>
    revisions.flatMap((each) =>
      rowsOf(each).map((row) => ({ dealKey: each.dealKey, revision: each.revision, ...row })),
    );
  const changes = ofRevision((revision) => revision.changes);
  if (changes.length > 0)
    await queries.insertChanges(tx, {
      dealKeys: changes.map(({ dealKey }) => dealKey),
      revisions: changes.map(({ revision }) => revision),
      components: changes.map(({ component }) => component),
      kinds: changes.map(({ kind }) => kind),
      beneficiaries: changes.map(({ beneficiary }) => beneficiary),
      depths: changes.map(({ depth }) => depth),
      units: changes.map(({ units }) => units),
    });
  const reasons = ofRevision((revision) => revision.reasons);
  if (reasons.length > 0)
    await queries.insertReasons(tx, {
      dealKeys: reasons.map(({ dealKey }) => dealKey),
      revisions: reasons.map(({ revision }) => revision),
      components: reasons.map(({ component }) => component),
      reasons: reasons.map(({ reason }) => reason),
    });
  const executions = ofRevision(({ execution }) => (execution === undefined ? [] : [{ execution }]));
  if (executions.length > 0)
    await queries.insertRevisedExecutions(tx, {
      dealKeys: executions.map(({ dealKey }) => dealKey),
      revisions: executions.map(({ revision }) => revision),
      executions: executions.map(({ execution }) => JSON.stringify(execution)),
    });
}
