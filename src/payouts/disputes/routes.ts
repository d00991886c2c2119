import type { z } from 'zod';
import type { Currency } from '../../kernel/currency.ts';
import { awardIdOf, type DisputeId, tradeIdOf } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import type { Reach } from '../../platform/access.ts';
import { idempotentRoute, type Route, route } from '../../platform/route.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { beginAcceptance, setLimit } from './outcome.ts';
import * as queries from './queries.ts';
import { isUndecided } from './rules.ts';
import { assign, move, openDisputeOf, write } from './service.ts';
import { disputesSeenBy, disputeWithin, lockDisputeWithin } from './store.ts';
import type { Dispute } from './types.ts';

type DisputeRouteDeps = { readonly withTenant: WithTenant };

/** The routes of disputes: asking, writing to each other, deciding. */
export const disputeRoutes = (deps: DisputeRouteDeps): Route[] => [
  ...questions(deps),
  ...threads(deps),
  ...decisions(deps),
];

const amountOf = (units: bigint | null, currency: Currency | null) =>
  units === null || currency === null ? null : moneyJson({ units, currency });

/** A dispute as one side may see it: an IB is not told who of the staff looks after it, for staff speaks with one voice. */
function shown(dispute: Dispute, { everything }: Reach): z.input<typeof contract.Dispute> {
  const { id, ibId, kind, component, currency, lineUnits, text, hasExplanation, state, ownerUserId, ageHours } =
    dispute;
  const { openedAt, changedAt, closedAt, reason, outcomeUnits, outcomeCurrency, approvalId } = dispute;
  const heldUnits = isUndecided(state) && lineUnits > 0n ? lineUnits : 0n;
  return {
    id,
    ibId,
    kind,
    tradeId: dispute.dealKey === null ? null : tradeIdOf(dispute.dealKey),
    component,
    awardId: dispute.awardKey === null ? null : awardIdOf(dispute.awardKey),
    line: amountOf(lineUnits, currency),
    held: amountOf(heldUnits, currency),
    text,
    hasExplanation,
    state,
    ownerUserId: everything ? ownerUserId : null,
    openedAt: openedAt.toISOString(),
    ageHours,
    changedAt: changedAt.toISOString(),
    closedAt: closedAt?.toISOString() ?? null,
    reason,
    outcome: amountOf(outcomeUnits, outcomeCurrency),
    outcomeAwardId: dispute.outcomeAwardKey === null ? null : awardIdOf(dispute.outcomeAwardKey),
    approvalId,
  };
}

/** A dispute with its thread. An IB is not told who of the staff wrote. */
async function inFull(tx: TenantTx, reach: Reach, id: DisputeId) {
  const dispute = await disputeWithin(tx, reach, id);
  const messages = await queries.messagesOf(tx, { key: dispute.key });
  return {
    ...shown(dispute, reach),
    messages: messages.map(({ author, writtenAt, ...message }) => ({
      ...message,
      authorId: reach.everything || message.side === 'ib' ? author : null,
      writtenAt: writtenAt.toISOString(),
    })),
  };
}

const questions = ({ withTenant }: DisputeRouteDeps): Route[] => [
  route(contract.listDisputes, ({ tenantId, origin, access: { reach }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, state, ibId, ownerUserId } = query;
      if (ownerUserId !== undefined && !reach.everything) return { status: 200, json: { data: [], nextCursor: null } };
      const filter = { ...disputesSeenBy(reach), state, ibId, ownerUserId };
      const page = await queries.pageOfDisputes(tx, filter, { limit, cursor, sort });
      return { status: 200, json: { data: page.rows.map((row) => shown(row, reach)), nextCursor: page.nextCursor } };
    }),
  ),
  route(contract.readDispute, ({ tenantId, origin, access: { reach }, params }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await inFull(tx, reach, params.disputeId) })),
  ),
  route(contract.readDisputeExplanation, ({ tenantId, origin, access: { reach }, params }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { id } = await disputeWithin(tx, reach, params.disputeId);
      const [found] = await queries.explanationOf(tx, { id, ...disputesSeenBy(reach) });
      const bytes = Buffer.from(found?.explanation ?? 'null');
      return { status: 200, bytes, contentType: 'application/json' };
    }),
  ),
  route(contract.listDisputeLimits, ({ tenantId, origin }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await limitsShown(tx) })),
  ),
];

const limitsShown = async (tx: TenantTx) => ({
  data: (await queries.limits(tx, {})).map(({ currency, units, setAt, setBy }) => ({
    limit: moneyJson({ units, currency }),
    setAt: setAt.toISOString(),
    setBy,
  })),
});

const threads = ({ withTenant }: DisputeRouteDeps): Route[] => [
  route(contract.openDispute, ({ tenantId, origin, access, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      const id = await openDisputeOf(tx, { access, opening: body });
      return { status: 201, json: shown(await disputeWithin(tx, access.reach, id), access.reach) };
    }),
  ),
  route(contract.writeToDispute, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      await write(tx, { access, id: params.disputeId, text: body.text });
      return { status: 201, json: await inFull(tx, access.reach, params.disputeId) };
    }),
  ),
  route(contract.assignDispute, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      await assign(tx, { access, id: params.disputeId, userId: body.userId });
      return { status: 200, json: shown(await disputeWithin(tx, access.reach, params.disputeId), access.reach) };
    }),
  ),
  route(contract.withdrawDispute, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      const dispute = await lockDisputeWithin(tx, access.reach, params.disputeId);
      await move(tx, dispute, { event: 'withdraw', reason: body.reason, notice: 'withdrawn' });
      return { status: 200, json: shown(await disputeWithin(tx, access.reach, params.disputeId), access.reach) };
    }),
  ),
];

const decisions = ({ withTenant }: DisputeRouteDeps): Route[] => [
  idempotentRoute(contract.acceptDispute, async (tx, { access, params, body }) => {
    const asked = await beginAcceptance(tx, { access, id: params.disputeId, ...body });
    if (asked !== null) return { status: 202, json: asked };
    return { status: 200, json: shown(await disputeWithin(tx, access.reach, params.disputeId), access.reach) };
  }),
  route(contract.rejectDispute, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      const dispute = await lockDisputeWithin(tx, access.reach, params.disputeId);
      await move(tx, dispute, { event: 'reject', reason: body.reason, notice: 'rejected' });
      return { status: 200, json: shown(await disputeWithin(tx, access.reach, params.disputeId), access.reach) };
    }),
  ),
  route(contract.setDisputeLimit, ({ tenantId, origin, access, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      await setLimit(tx, { access, limit: body.limit });
      return { status: 200, json: await limitsShown(tx) };
    }),
  ),
];
