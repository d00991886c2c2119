import type { z } from 'zod';
import type { PayoutItemId, PayoutRunId } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { idempotentRoute, type Route, route } from '../../platform/route.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { idsOfParties, partiesWithin, partyOfRow } from '../parties/service.ts';
import { PARTY_KINDS } from '../types.ts';
import { submitRun } from './approval.ts';
import * as contract from './contract.ts';
import { referenceOf } from './accounts.ts';
import * as queries from './queries.ts';
import { addItems, cancelRun, draftRun, recallRun, reviewItem } from './service.ts';
import { itemOf, runOfId, runWithTotals } from './store.ts';
import type { ItemEvent, Run } from './types.ts';

type RunRouteDeps = { readonly withTenant: WithTenant };

/** The routes of payout runs, and of what was paid. */
export const payoutRunRoutes = (deps: RunRouteDeps): Route[] => [
  ...questions(deps),
  ...drafting(deps),
  ...reviewing(deps),
];

const shown = ({ key: _key, stoppedAt, criteria, ...run }: Run): z.input<typeof contract.PayoutRun> => ({
  ...run,
  criteria: { ...criteria },
  approvedBy: run.approvedBy === null ? null : [...run.approvedBy],
  draftedAt: run.draftedAt.toISOString(),
  submittedAt: run.submittedAt?.toISOString() ?? null,
  ratedAt: run.ratedAt?.toISOString() ?? null,
  endedAt: run.endedAt?.toISOString() ?? null,
  isStopping: run.state === 'posting' && stoppedAt !== null,
});

async function inFull(tx: TenantTx, id: PayoutRunId) {
  const { run, totals } = await runWithTotals(tx, id);
  return {
    ...shown(run),
    totals: totals.map(({ kind, state, items, units, currency, walletCurrency, walletUnits }) => ({
      kind: partyOfRow({ kind, party: 0 }).kind,
      state,
      items,
      amount: moneyJson({ units, currency }),
      walletCurrency,
      wallet: state === 'paid' ? moneyJson({ units: walletUnits, currency: walletCurrency }) : null,
    })),
  };
}

async function itemsShown(tx: TenantTx, rows: readonly queries.ItemRow[]) {
  const idOf = await idsOfParties(tx, rows.map(partyOfRow));
  return rows.map((row) => {
    const party = partyOfRow(row);
    const { units, currency } = { units: row.payableUnits, currency: row.currency };
    return {
      id: row.id,
      runId: row.runId,
      statementId: row.statementId,
      beneficiary: { kind: party.kind, id: idOf(party) },
      amount: moneyJson({ units, currency }),
      walletCurrency: row.walletCurrency,
      wallet: row.walletUnits === null ? null : moneyJson({ units: row.walletUnits, currency: row.walletCurrency }),
      conversion: row.conversion,
      settledAt: row.settledAt?.toISOString() ?? null,
      state: row.state,
      reason: row.reason,
      code: row.code,
      detail: row.detail,
    };
  });
}

const questions = ({ withTenant }: RunRouteDeps): Route[] => [
  route(contract.listPayoutRuns, ({ tenantId, origin, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const page = await queries.pageOfRuns(tx, { state: query.state }, query);
      return { status: 200, json: { data: page.rows.map(shown), nextCursor: page.nextCursor } };
    }),
  ),
  route(contract.readPayoutRun, ({ tenantId, origin, params }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await inFull(tx, params.runId) })),
  ),
  route(contract.listPayoutItems, ({ tenantId, origin, access, params, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const run = await runOfId(tx, params.runId);
      const whose = await partiesWithin(tx, access.reach, query.beneficiary);
      if (whose === 'nobody') return { status: 200, json: { data: [], nextCursor: null } };
      const party = whose === 'everybody' ? {} : { kind: PARTY_KINDS[whose.kind], party: whose.key };
      const asked = { runKey: run.key, state: query.state, kind: null, party: null, ...party };
      const page = await queries.pageOfItems(tx, asked, query);
      return { status: 200, json: { data: await itemsShown(tx, page.rows), nextCursor: page.nextCursor } };
    }),
  ),
  route(contract.listPayouts, ({ tenantId, origin, access, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const whose = await partiesWithin(tx, access.reach, query.beneficiary);
      if (whose === 'nobody') return { status: 200, json: { data: [], nextCursor: null } };
      const party =
        whose === 'everybody'
          ? { everybody: true, kind: null, party: null }
          : { everybody: false, kind: PARTY_KINDS[whose.kind], party: whose.key };
      const page = await queries.pageOfPaid(tx, party, query);
      const items = await itemsShown(tx, page.rows);
      const data = items.flatMap(({ wallet, settledAt, walletCurrency: _currency, state: _paid, ...item }) => {
        const { reason: _reason, code: _code, detail: _detail, ...paid } = item;
        if (wallet === null || settledAt === null) return [];
        const reference = referenceOf({ runId: item.runId, itemId: item.id });
        return [{ ...paid, wallet, paidAt: settledAt, reference }];
      });
      return { status: 200, json: { data, nextCursor: page.nextCursor } };
    }),
  ),
];

const drafting = ({ withTenant }: RunRouteDeps): Route[] => [
  idempotentRoute(contract.draftPayoutRun, async (tx, { access, body }) => {
    const { beneficiaries: parties, rateAgeHoursMax, ...wanted } = body;
    const by = { draftedBy: access.caller.id, rateAgeHoursMax };
    return { status: 201, json: await inFull(tx, await draftRun(tx, { ...wanted, parties }, by)) };
  }),
  route(contract.addPayoutItems, ({ tenantId, origin, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      await addItems(tx, { ...params, ...body });
      return { status: 200, json: await inFull(tx, params.runId) };
    }),
  ),
  route(contract.submitPayoutRun, ({ tenantId, origin, access, params, body }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 202,
      json: await submitRun(tx, { ...params, ...body, access }),
    })),
  ),
  route(contract.recallPayoutRun, ({ tenantId, origin, params }) =>
    withTenant(tenantId, origin, async (tx) => {
      await recallRun(tx, params.runId);
      return { status: 200, json: await inFull(tx, params.runId) };
    }),
  ),
  route(contract.cancelPayoutRun, ({ tenantId, origin, params, body }) =>
    withTenant(tenantId, origin, async (tx) => {
      await cancelRun(tx, { ...params, ...body });
      return { status: 200, json: await inFull(tx, params.runId) };
    }),
  ),
];

type Reviewed = {
  readonly runId: PayoutRunId;
  readonly itemId: PayoutItemId;
  readonly event: Extract<ItemEvent, 'hold' | 'release' | 'remove'>;
  readonly reason: string | null;
};

async function reviewed(tx: TenantTx, asked: Reviewed) {
  await reviewItem(tx, asked);
  const item = await itemOf(tx, await runOfId(tx, asked.runId), asked.itemId);
  const [only] = await itemsShown(tx, [item]);
  if (only === undefined) throw new Error('one item is shown as one');
  return { status: 200, json: only } as const;
}

const reviewing = ({ withTenant }: RunRouteDeps): Route[] => [
  route(contract.holdPayoutItem, ({ tenantId, origin, params, body }) =>
    withTenant(tenantId, origin, (tx) => reviewed(tx, { ...params, event: 'hold', reason: body.reason })),
  ),
  route(contract.releasePayoutItem, ({ tenantId, origin, params }) =>
    withTenant(tenantId, origin, (tx) => reviewed(tx, { ...params, event: 'release', reason: null })),
  ),
  route(contract.removePayoutItem, ({ tenantId, origin, params, body }) =>
    withTenant(tenantId, origin, (tx) => reviewed(tx, { ...params, event: 'remove', reason: body.reason })),
  ),
];
