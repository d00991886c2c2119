import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AccountId, AccountRequestId, ClientId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { withinReach } from '../reach.ts';

const requestRow = z.object({
  id: AccountRequestId,
  clientId: ClientId,
  server: z.string().nullable(),
  currency: Currency,
  askedAt: z.date(),
  accountId: AccountId.nullable(),
});
export type RequestRow = z.infer<typeof requestRow>;

export const pageOfRequests = pagedQuery(
  'clients.page_of_account_requests',
  requestRow,
  `select r.id, c.id as "clientId", r.server, r.currency, r.asked_at as "askedAt", a.id as "accountId"
     from clients.account_requests r
     join clients.clients c on c.key = r.client_key
     left join clients.accounts a on a.key = r.account_key
    where ${withinReach('r.client_key')}
      and (:state::text is null or (r.account_key is null) = (:state::text = 'open'))`,
  {
    sorts: { askedAt: { column: 'askedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: AccountRequestId, type: 'uuid' },
  },
);

/** No row where as many of this client's wait already; the caller holds the client, so that none comes between. */
export const insertRequest = query(
  'clients.insert_account_request',
  z.object({ askedAt: z.date() }),
  `insert into clients.account_requests (id, client_key, server, currency)
   select :id::uuid, :clientKey::integer, :server::text, :currency::text
    where (select count(*) from clients.account_requests r where r.client_key = :clientKey::integer and r.account_key is null) < :most::integer
   returning asked_at as "askedAt"`,
);

export const closeRequest = query(
  'clients.close_account_request',
  z.object({ id: AccountRequestId }),
  `update clients.account_requests set account_key = :accountKey::integer
    where id = :id and client_key = :clientKey::integer and account_key is null
   returning id`,
);
