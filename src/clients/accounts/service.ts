import type { AccountId, AccountRequestId, ClientId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { answerRequest } from '../account-requests/service.ts';
import { clientsProblem } from '../errors.ts';
import { clientWithin } from '../people/service.ts';
import { reachParams } from '../reach.ts';
import { openAccounts } from '../service.ts';
import type { NewAccount } from '../types.ts';
import * as queries from './queries.ts';
import type { AccountRow } from './queries.ts';

/** Which accounts a list is asked for; what is not given does not matter. */
export type TradingAccountFilter = {
  readonly clientId?: ClientId | undefined;
  readonly server?: string | undefined;
  readonly login?: bigint | undefined;
};

/** A page of the accounts of clients within reach. */
export const pageOfTradingAccounts = (
  tx: TenantTx,
  reach: Reach,
  filter: TradingAccountFilter,
  page: PageAsked<'openedAt' | 'login'>,
): Promise<Page<AccountRow>> =>
  queries.pageOfTradingAccounts(
    tx,
    { ...reachParams(reach), clientId: filter.clientId, server: filter.server, login: filter.login },
    page,
  );

/** The account, if its client is within reach; else `clients.account_unknown`, as for one that is not there. */
export async function accountWithin(tx: TenantTx, reach: Reach, id: AccountId): Promise<AccountRow> {
  const [found] = await queries.accountWithinReach(tx, { id, ...reachParams(reach) });
  if (found === undefined) throw clientsProblem('clients.account_unknown', { detail: id });
  return found;
}

/**
 * Registers an account of a client within reach, and that it is what the client asked for, if so. `clients.client_unknown`,
 * `clients.account_exists`, `clients.account_request_unknown`.
 */
export async function openAccountWithin(
  tx: TenantTx,
  reach: Reach,
  {
    clientId,
    requestId,
    ...account
  }: Omit<NewAccount, 'clientKey' | 'id'> & {
    readonly clientId: ClientId;
    readonly requestId?: AccountRequestId | undefined;
  },
): Promise<AccountRow> {
  const client = await clientWithin(tx, reach, clientId);
  const { id, key } = onlyRow(await openAccounts(tx, [{ ...account, clientKey: client.key }]));
  if (requestId !== undefined) await answerRequest(tx, { id: requestId, clientKey: client.key, accountKey: key });
  return accountWithin(tx, reach, id);
}
