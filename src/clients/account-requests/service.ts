import type { Currency } from '../../kernel/currency.ts';
import { AccountRequestId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { clientsProblem } from '../errors.ts';
import { lockedClient } from '../people/service.ts';
import { reachParams } from '../reach.ts';
import * as queries from './queries.ts';
import type { RequestRow } from './queries.ts';

/** How many requests of one client wait at once. */
const OPEN_MAX = 5;

/** Asks for an account of the asker's own client. `clients.account_requests_open` where five wait already. */
export async function askForAccount(
  tx: TenantTx,
  reach: Reach,
  { currency, server }: { readonly currency: Currency; readonly server: string | null },
): Promise<RequestRow> {
  if (reach.clientId === null) throw clientsProblem('clients.client_unknown');
  const client = await lockedClient(tx, reach, reach.clientId);
  const id = AccountRequestId.parse(idFromUuid('arq', newUuid(Date.now())));
  const [made] = await queries.insertRequest(tx, { id, clientKey: client.key, server, currency, most: OPEN_MAX });
  if (made === undefined) throw clientsProblem('clients.account_requests_open');
  emit(tx, {
    stream: `clients/${client.id}`,
    type: 'clients.account_asked_for',
    schemaVersion: 1,
    payload: { clientId: client.id, requestId: id, server, currency },
  });
  return { id, clientId: client.id, server, currency, askedAt: made.askedAt, accountId: null };
}

/** A page of the requests of clients within reach. */
export const pageOfRequests = (
  tx: TenantTx,
  reach: Reach,
  { state }: { readonly state?: 'open' | 'done' | undefined },
  page: PageAsked<'askedAt'>,
): Promise<Page<RequestRow>> => queries.pageOfRequests(tx, { ...reachParams(reach), state }, page);

/** Notes that an account is what its client asked for; `clients.account_request_unknown` where that client's does not wait. */
export async function answerRequest(
  tx: TenantTx,
  given: { readonly id: AccountRequestId; readonly clientKey: number; readonly accountKey: number },
): Promise<void> {
  if ((await queries.closeRequest(tx, given)).length === 0)
    throw clientsProblem('clients.account_request_unknown', { detail: given.id });
}
