import type { z } from 'zod';
import { moneyJson } from '../../kernel/money.ts';
import { type Route, route } from '../../platform/route.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { trialBalance } from '../store.ts';
import { ownerKindOf, type TrialBalanceLine } from '../types.ts';
import * as contract from './contract.ts';
import { accountOfId, type LedgerOwners, ledgerAccountsWithin, entriesWithin } from './service.ts';
import type { ListedAccount } from './types.ts';

export type AccountRouteDependencies = { readonly withTenant: WithTenant; readonly owners: LedgerOwners };

/** The routes of the books: accounts, their entries, the trial balance. */
export const ledgerAccountRoutes = ({ withTenant, owners }: AccountRouteDependencies): Route[] => [
  route(contract.listLedgerAccounts, ({ tenantId, origin, access, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, ...filter } = query;
      const page = await ledgerAccountsWithin(tx, owners, {
        reach: access.reach,
        filter,
        page: { limit, cursor, sort },
      });
      return { status: 200, json: { data: await shown(tx, owners, page.rows), nextCursor: page.nextCursor } };
    }),
  ),
  route(contract.readLedgerAccount, ({ tenantId, origin, access, params, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const asked = { reach: access.reach, id: params.accountId, asOf: query.asOf };
      const [account] = await shown(tx, owners, [await accountOfId(tx, owners, asked)]);
      if (account === undefined) throw new Error('one account is shown as one');
      return { status: 200, json: account };
    }),
  ),
  route(contract.listLedgerEntries, ({ tenantId, origin, access, params, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const asked = { reach: access.reach, id: params.accountId, asOf: query.asOf };
      const account = await accountOfId(tx, owners, asked);
      const { rows, nextCursor } = await entriesWithin(tx, account, query);
      return {
        status: 200,
        json: {
          data: rows.map(({ version, units, balanceAfter, counterAccountId, postedAt, effectiveAt, ...row }) => ({
            version: Number(version),
            side: row.side,
            kind: row.kind,
            amount: moneyJson({ units, currency: row.currency }),
            balanceAfter: moneyJson({ units: balanceAfter, currency: row.currency }),
            counterAccountId: access.reach.everything ? counterAccountId : null,
            reference: row.reference,
            leg: row.leg,
            postedAt: postedAt.toISOString(),
            effectiveAt: effectiveAt.toISOString(),
          })),
          nextCursor,
        },
      };
    }),
  ),
  route(contract.readTrialBalance, ({ tenantId, origin, query: { asOf } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const lines = await trialBalance(tx, asOf === undefined ? {} : { asOf });
      return {
        status: 200,
        json: { asOf: asOf?.toISOString() ?? null, lines: lines.map(lineShown), totals: totalsOf(lines) },
      };
    }),
  ),
];

/** Accounts as the API shows them, with the ids of whom they belong to. */
async function shown(
  tx: TenantTx,
  owners: LedgerOwners,
  accounts: readonly ListedAccount[],
): Promise<z.input<typeof contract.LedgerAccount>[]> {
  const ownersOf = (kind: 'ib' | 'client') =>
    accounts.filter(({ purpose }) => ownerKindOf[purpose] === kind).map(({ owner }) => owner);
  const ids = await owners.idsOf(tx, { ibKeys: ownersOf('ib'), clientKeys: ownersOf('client') });
  return accounts.map(({ owner, currency, balance, held, version, ...account }) => {
    const kind = ownerKindOf[account.purpose];
    const id = kind === 'ib' ? ids.ibs.get(owner) : kind === 'client' ? ids.clients.get(owner) : undefined;
    return {
      id: account.id,
      purpose: account.purpose,
      class: account.class,
      owner: { kind, id: id ?? null },
      currency,
      normalSide: account.normalSide,
      balance: moneyJson({ units: balance, currency }),
      held: held === null ? null : moneyJson({ units: held, currency }),
      free: held === null ? null : moneyJson({ units: balance - held, currency }),
      transfers: Number(version),
    };
  });
}

const lineShown = ({ debits, credits, net, currency, ...line }: TrialBalanceLine) => ({
  purpose: line.purpose,
  class: line.class,
  currency,
  debits: moneyJson({ units: debits, currency }),
  credits: moneyJson({ units: credits, currency }),
  net: moneyJson({ units: net, currency }),
});

function totalsOf(lines: readonly TrialBalanceLine[]) {
  const currencies = [...new Set(lines.map(({ currency }) => currency))];
  return currencies.map((currency) => {
    const units = lines.reduce((sum, line) => (line.currency === currency ? sum + line.net : sum), 0n);
    return { currency, net: moneyJson({ units, currency }) };
  });
}
