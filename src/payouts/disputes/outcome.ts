import { z } from 'zod';
import { award } from '../../commissions/index.ts';
import { defineApproval, isAnyOfIb, requestApproval } from '../../identity/index.ts';
import { ReasonText } from '../../kernel/contact.ts';
import type { ApprovalId } from '../../kernel/ids.ts';
import { awardIdOf, DisputeId, tradeIdOf } from '../../kernel/ids.ts';
import { formatAmount, type Money, MoneyJson, parseMoney } from '../../kernel/money.ts';
import type { ApprovalAsked } from '../../kernel/operation.ts';
import { type Access, reachesEverything } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { disputeProblem } from './errors.ts';
import * as queries from './queries.ts';
import { isUndecided } from './rules.ts';
import { move } from './service.ts';
import { lockDisputeWithin } from './store.ts';
import type { Dispute } from './types.ts';

type Granted = { readonly money: Money; readonly reason: string; readonly approvalId: ApprovalId | null };

/** The amount that a dispute is granted, in ledger units; a Problem where it could never be posted. */
function moneyFor(dispute: Dispute, amount: MoneyJson): Money {
  const money = parseMoney(amount, 'ledger');
  if (money.units <= 0n) throw disputeProblem('payouts.dispute_amount_invalid');
  if (dispute.currency !== null && dispute.currency !== money.currency)
    throw disputeProblem('payouts.dispute_currency', { detail: `The line is kept in ${dispute.currency}` });
  return money;
}

/** Nobody decides what he disputes himself, nor what the introducing broker does that he signs in for too. */
async function refuseOwn(tx: TenantTx, { openedBy, ibId }: Dispute, userIds: readonly string[]): Promise<void> {
  if (userIds.includes(openedBy) || (await isAnyOfIb(tx, { userIds, ibId })))
    throw disputeProblem('payouts.dispute_own');
}

/** Ends a dispute that is held in favour of the IB: one award of its own, linked to the dispute and its line. */
async function grant(tx: TenantTx, dispute: Dispute, { money, reason, approvalId }: Granted): Promise<void> {
  await move(tx, dispute, { event: 'accept', reason, notice: 'accepted' });
  const { at: earnedAt } = onlyRow(await queries.transactionBegan(tx, {}));
  const [posted] = await award(tx, [
    {
      kind: 'dispute',
      planVersionKey: null,
      component: 0,
      clientKey: null,
      ibKey: dispute.ibKey,
      currency: money.currency,
      earnedAt,
      units: money.units,
      inputs: {
        disputeId: dispute.id,
        line: {
          kind: dispute.kind,
          tradeId: dispute.dealKey === null ? null : tradeIdOf(dispute.dealKey),
          component: dispute.component,
          awardId: dispute.awardKey === null ? null : awardIdOf(dispute.awardKey),
        },
        reason,
        approvalId,
      },
      once: `dispute/${dispute.id}`,
      parts: [{ kind: 'ib', beneficiary: dispute.ibKey, depth: 0, units: money.units }],
    },
  ]);
  if (posted === undefined) throw new Error('the outcome of a dispute got no award');
  await queries.noteOutcome(tx, {
    key: dispute.key,
    units: money.units,
    currency: money.currency,
    awardKey: posted.key,
    approvalId,
  });
}

const Payload = z.strictObject({ disputeId: DisputeId, amount: MoneyJson, reason: ReasonText });

/** What a dispute is granted beyond the limit is agreed to by a second person, who sees line, state and amount. */
export const disputeOutcome = defineApproval({
  kind: 'payouts.dispute',
  right: { action: 'approve', resource: 'disputes' },
  payload: Payload,
  fingerprint: async (tx, { disputeId }) => {
    const dispute = await lockDisputeWithin(tx, reachesEverything, disputeId);
    const line = `${dispute.lineUnits} ${dispute.currency ?? 'of no currency'}`;
    return isUndecided(dispute.state) ? `undecided, ${line}` : dispute.state;
  },
  execute: async (tx, { disputeId, amount, reason }, { approvalId, approvedBy }) => {
    const dispute = await lockDisputeWithin(tx, reachesEverything, disputeId);
    await refuseOwn(tx, dispute, approvedBy);
    await grant(tx, dispute, { money: moneyFor(dispute, amount), reason, approvalId });
    return { disputeId };
  },
});

type Accepting = {
  readonly access: Access;
  readonly id: DisputeId;
  readonly amount: MoneyJson;
  readonly reason: string;
};

/**
 * Grants a dispute an amount: at once where it is within the limit of its currency (null), else a second person is asked. A limit
 * that the caller has set himself is none to him, so that nobody grants alone. `payouts.dispute_own` for who disputes the line,
 * or is of that introducing broker.
 */
export async function beginAcceptance(
  tx: TenantTx,
  { access, id, amount, reason }: Accepting,
): Promise<z.input<typeof ApprovalAsked> | null> {
  const dispute = await lockDisputeWithin(tx, access.reach, id);
  const { caller } = access;
  await refuseOwn(tx, dispute, [caller.id]);
  if (!isUndecided(dispute.state)) throw disputeProblem('payouts.dispute_closed', { detail: `It is ${dispute.state}` });
  const money = moneyFor(dispute, amount);
  const limit = (await queries.limits(tx, {})).find(({ currency }) => currency === money.currency);
  if (limit !== undefined && limit.setBy !== caller.id && money.units <= limit.units) {
    await grant(tx, dispute, { money, reason, approvalId: null });
    return null;
  }
  const summary = `Grant dispute ${id} of ${dispute.ibId} ${formatAmount(money)} ${money.currency}`;
  return requestApproval(
    tx,
    disputeOutcome,
    { disputeId: id, amount, reason },
    { subject: id, summary, reason, access },
  );
}

/** Says up to which amount of a currency disputes are granted without a second person; below 0 is refused. */
export async function setLimit(
  tx: TenantTx,
  { access, limit }: { readonly access: Access; readonly limit: MoneyJson },
): Promise<void> {
  const { units, currency } = parseMoney(limit, 'ledger');
  if (units < 0n) throw disputeProblem('payouts.dispute_amount_invalid', { detail: 'A limit is at least 0' });
  const before = (await queries.limits(tx, {})).find((each) => each.currency === currency)?.units ?? 0n;
  await queries.putLimit(tx, { currency, units, setBy: access.caller.id });
  const shown = (each: bigint): string => formatAmount({ units: each, currency });
  emit(tx, {
    stream: 'dispute_limits',
    type: 'payouts.dispute_limit_set',
    schemaVersion: 1,
    payload: { currency, before: shown(before), after: shown(units) },
  });
}
