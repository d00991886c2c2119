import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import type { AccountRow } from './queries.ts';
import { accountWithin, openAccountWithin, pageOfTradingAccounts } from './service.ts';

const shown = ({ login, openedAt, ...account }: AccountRow): contract.TradingAccount => ({
  ...account,
  login: String(login),
  openedAt: openedAt.toISOString(),
});

/** The routes of trading accounts. */
export const tradingAccountRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listTradingAccounts, async ({ tenantId, origin, access, query }) => {
    const { clientId, server, login } = query;
    const filter = { clientId, server, ...(login !== undefined && { login: BigInt(login) }) };
    const page = await withTenant(tenantId, origin, (tx) => pageOfTradingAccounts(tx, access.reach, filter, query));
    return { status: 200, json: { data: page.rows.map(shown), nextCursor: page.nextCursor } };
  }),
  route(contract.openAccount, async ({ tenantId, origin, access, body }) => {
    const account = { ...body, login: BigInt(body.login) };
    const row = await withTenant(tenantId, origin, (tx) => openAccountWithin(tx, access.reach, account));
    return { status: 201, json: shown(row) };
  }),
  route(contract.readAccount, async ({ tenantId, origin, access, params }) => {
    const row = await withTenant(tenantId, origin, (tx) => accountWithin(tx, access.reach, params.accountId));
    return { status: 200, json: shown(row) };
  }),
];
