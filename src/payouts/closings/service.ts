import { z } from 'zod';
import { holdOffCuts, makeCut, sumsBetween } from '../../commissions/index.ts';
import { defineApproval, requestApproval, waitingApprovals } from '../../identity/index.ts';
import { ReasonText } from '../../kernel/contact.ts';
import { type ApprovalId, ClosingId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { ApprovalAsked } from '../../kernel/operation.ts';
import type { Access } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { waitingBefore } from '../../trading/index.ts';
import type { TenantId } from '../../kernel/ids.ts';
import { closingProblem } from './errors.ts';
import * as queries from './queries.ts';
import { backdatingKinds, obstaclesOf } from './rules.ts';
import { type Closing, type ClosingCheck, closingChecks, type FoundChecks, warningNames } from './types.ts';

/** Counting ends here. */
const COUNTED_MAX = 10_000;
/** Closings whose figures are made in one round. */
const FIGURES_MAX = 10;

/**
 * Until when the books are closed; null where no period was. Nothing may take effect before it any more. It holds off
 * closings until the transaction ends, so that what is decided by the answer stays right.
 */
export async function closedUntil(tx: TenantTx): Promise<Date | null> {
  await holdOffCuts(tx);
  return (await queries.lastClosing(tx, {}))[0]?.until ?? null;
}

/** Refuses what would take effect in a closed period: `payouts.period_closed`. */
export async function refuseClosed(tx: TenantTx, effectiveAt: Date): Promise<void> {
  const until = await closedUntil(tx);
  if (until === null || effectiveAt >= until) return;
  throw closingProblem('payouts.period_closed', {
    detail: `${effectiveAt.toISOString()} lies before ${until.toISOString()}, until when the books are closed`,
    closedUntil: until.toISOString(),
  });
}

/** What stands against closing until an instant, and what should be known before; counting ends at 10 000 of each. */
export async function checksOf(tx: TenantTx, until: Date): Promise<FoundChecks> {
  await mustBeAhead(tx, until);
  const { due, parked } = await waitingBefore(tx, until);
  const asked = { until, max: COUNTED_MAX };
  const counts: Readonly<Record<ClosingCheck, number>> = {
    trades_due: due,
    trades_parked: parked,
    changes_unapproved: await waitingApprovals(tx, { kinds: backdatingKinds, before: until, max: COUNTED_MAX }),
    statements_unissued: onlyRow(await queries.unissuedCycles(tx, asked)).count,
    disputes_undecided: onlyRow(await queries.undecidedDisputes(tx, asked)).count,
  };
  const names = Object.keys(closingChecks) as ClosingCheck[];
  return new Map(names.flatMap((name) => (counts[name] === 0 ? [] : [[name, counts[name]] as const])));
}

/** The closing before; a Problem where the period could not be closed, whatever stands against it. */
async function mustBeAhead(tx: TenantTx, until: Date): Promise<Closing | undefined> {
  const [last] = await queries.lastClosing(tx, {});
  if (last !== undefined && until <= last.until)
    throw closingProblem('payouts.closing_not_ahead', { detail: `Until ${last.until.toISOString()}` });
  const { now } = onlyRow(await queries.databaseNow(tx, {}));
  if (until > now)
    throw closingProblem('payouts.closing_too_early', {
      detail: `${until.toISOString()} lies ahead of ${now.toISOString()}`,
    });
  return last;
}

async function mustHaveNoObstacle(tx: TenantTx, until: Date, acknowledged: readonly string[]): Promise<void> {
  const found = await checksOf(tx, until);
  const { blockers, unacknowledged } = obstaclesOf(found, acknowledged);
  const counted = (names: readonly ClosingCheck[]) =>
    names.map((name) => `${name}: ${found.get(name) ?? 0}`).join(', ');
  if (blockers.length > 0) throw closingProblem('payouts.closing_blocked', { detail: counted(blockers), blockers });
  if (unacknowledged.length > 0)
    throw closingProblem('payouts.closing_unacknowledged', {
      detail: counted(unacknowledged),
      warnings: unacknowledged,
    });
}

type Wanted = { readonly until: Date; readonly acknowledged: readonly string[]; readonly reason: string };
type AgreedBy = {
  readonly approvalId: ApprovalId;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
};

/** Closes the books: waits for bookings under way, looks once more what stands against it, and draws the line. */
async function close(tx: TenantTx, { until, acknowledged, reason }: Wanted, by: AgreedBy): Promise<ClosingId> {
  const cut = await makeCut(tx);
  const last = await mustBeAhead(tx, until);
  await mustHaveNoObstacle(tx, until, acknowledged);
  const id = ClosingId.parse(idFromUuid('clo', newUuid(Date.now())));
  const { approvalId, requestedBy, approvedBy } = by;
  await queries.insertClosing(tx, {
    id,
    until,
    cutBatch: cut.batchKey,
    cutAt: cut.at,
    previousKey: last?.key ?? null,
    acknowledged,
    reason,
    requestedBy,
    approvers: approvedBy,
    approvalId,
  });
  emit(tx, {
    stream: `closing/${id}`,
    type: 'payouts.period_closed',
    schemaVersion: 1,
    payload: {
      closingId: id,
      from: last?.until.toISOString() ?? null,
      until: until.toISOString(),
      lastBatch: cut.batchKey.toString(),
      acknowledged,
      requestedBy,
      approvedBy,
      approvalId,
    },
  });
  return id;
}

/** The books are closed when a second person agrees. What was seen is where the period before ended. */
export const periodClosing = defineApproval({
  kind: 'payouts.close',
  right: { action: 'approve', resource: 'closings' },
  payload: z.strictObject({
    until: z.iso.datetime(),
    acknowledge: z.array(z.enum(warningNames)),
    reason: ReasonText,
  }),
  fingerprint: async (tx) => {
    const [last] = await queries.lastClosing(tx, {});
    return `behind ${last?.until.toISOString() ?? 'nothing'}`;
  },
  execute: async (tx, { until, acknowledge, reason }, by) => ({
    closingId: await close(tx, { until: new Date(until), acknowledged: acknowledge, reason }, by),
  }),
});

/** Asks a second person to agree to closing the books; a Problem where it could not be done at this moment. */
export async function askToClose(
  tx: TenantTx,
  { until, acknowledged, reason, access }: Wanted & { readonly access: Access },
): Promise<z.input<typeof ApprovalAsked>> {
  await mustHaveNoObstacle(tx, until, acknowledged);
  const acknowledge = warningNames.filter((name) => acknowledged.includes(name));
  const at = until.toISOString();
  const summary = `Close the books until ${at}${acknowledge.length > 0 ? `, knowing of ${acknowledge.join(', ')}` : ''}`;
  return requestApproval(
    tx,
    periodClosing,
    { until: at, acknowledge, reason },
    { subject: at, summary, reason, access },
  );
}

/** What was earned in a closed period, from the entries: between the cuts it comes to the same for ever. */
export async function figuresFromEntries(tx: TenantTx, closing: Closing) {
  const [before] = closing.previousKey === null ? [] : await queries.closingOfKey(tx, { key: closing.previousKey });
  const lineOf = ({ cutBatch, until }: Closing) => ({ cutKey: cutBatch, until });
  return sumsBetween(tx, before === undefined ? undefined : lineOf(before), lineOf(closing));
}

/** Makes the figures of closings that have none yet; each in a transaction of its own, so that none is long. */
export async function makeClosingFigures(withTenant: WithTenant, tenantId: TenantId): Promise<void> {
  const origin = { actor: 'cascade', causation: 'closing figures' };
  const waiting = await withTenant(tenantId, origin, (tx) => queries.closingsWithoutFigures(tx, { max: FIGURES_MAX }));
  for (const { key } of waiting)
    await withTenant(tenantId, origin, async (tx) => {
      const closing = onlyRow(await queries.closingOfKey(tx, { key }));
      const sums = await figuresFromEntries(tx, closing);
      const rows =
        sums.length > 0 ? sums : [{ currency: '-', kind: 'house' as const, entries: 0n, units: 0n, lateUnits: 0n }];
      await queries.insertFigures(tx, {
        key,
        currencies: rows.map(({ currency }) => currency),
        kinds: rows.map(({ kind }) => kind),
        entries: rows.map(({ entries }) => entries),
        units: rows.map(({ units }) => units),
        lateUnits: rows.map(({ lateUnits }) => lateUnits),
      });
    });
}
