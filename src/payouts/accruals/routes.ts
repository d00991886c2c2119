import type { z } from 'zod';
import { awardIdOf, tradeIdOf } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import type { Reach } from '../../platform/access.ts';
import { type Route, route } from '../../platform/route.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { type PartyId, partyWithin } from '../parties/service.ts';
import * as contract from './contract.ts';
import { accrualsOf, entriesWithStates, type FoundEntry } from './service.ts';
import type { AccrualSums } from './types.ts';

/** The routes of accruals. */
export const accrualRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.readIbAccruals, ({ tenantId, origin, access: { reach }, params: { ibId } }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await sumsOf(tx, reach, ibId) })),
  ),
  route(contract.readClientAccruals, ({ tenantId, origin, access: { reach }, params: { clientId } }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await sumsOf(tx, reach, clientId) })),
  ),
  route(contract.listIbEntries, ({ tenantId, origin, access: { reach }, params: { ibId }, query }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await entryPage(tx, reach, ibId, query) })),
  ),
  route(contract.listClientEntries, ({ tenantId, origin, access: { reach }, params: { clientId }, query }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await entryPage(tx, reach, clientId, query) })),
  ),
];

async function sumsOf(tx: TenantTx, reach: Reach, beneficiary: PartyId) {
  const sums = await accrualsOf(tx, await partyWithin(tx, reach, beneficiary));
  return { beneficiary, data: sums.map(sumShown) };
}

const sumShown = ({ currency, in_statement: inStatement, ...sums }: AccrualSums) => {
  const money = (units: bigint) => moneyJson({ units, currency });
  return {
    currency,
    pending: money(sums.pending),
    held: money(sums.held),
    available: money(sums.available),
    inStatement: money(inStatement),
    paid: money(sums.paid),
    reversed: money(sums.reversed),
  };
};

async function entryPage(
  tx: TenantTx,
  reach: Reach,
  beneficiary: PartyId,
  { limit, cursor, state }: z.output<typeof contract.listIbEntries.query>,
) {
  const party = await partyWithin(tx, reach, beneficiary);
  const { rows, nextCursor } = await entriesWithStates(tx, party, { state, limit, cursor });
  const data = rows.map(({ source, sourceKey, units, currency, depth, earnedAt, ...row }: FoundEntry) => ({
    kind: source,
    id: source === 'trade' ? tradeIdOf(sourceKey) : awardIdOf(sourceKey),
    revision: row.revision,
    rule: row.rule,
    level: party.kind === 'ib' ? depth : null,
    earnedAt: earnedAt.toISOString(),
    amount: moneyJson({ units, currency }),
    state: row.state,
    statementId: row.statement,
  }));
  return { data, nextCursor };
}
