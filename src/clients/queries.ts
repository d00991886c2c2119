import { z } from 'zod';
import { Currency } from '../kernel/currency.ts';
import { ClientId } from '../kernel/ids.ts';
import { query } from '../platform/query.ts';

/** Keys rise in the order given, so that neighbours in an import are neighbours on disk. */
export const insertClients = query(
  'clients.insert_clients',
  z.object({ key: z.int(), place: z.int() }),
  `
  with given as (
    select g.*
      from unnest(:ids::uuid[], :names::text[], :firstNames::text[], :lastNames::text[], :emails::text[], :emailKeys::text[],
                  :phones::text[], :countries::text[], :kycStates::text[])
           with ordinality as g (id, name, first_name, last_name, email, email_key, phone, country, kyc_state, place)
  ), made as (
    insert into clients.clients (id, name, first_name, last_name, email, email_key, phone, country, kyc_state)
    select id, name, first_name, last_name, email, email_key, phone, country, kyc_state from given order by place
    on conflict (id) do nothing
    returning key, id
  )
  select made.key, given.place::integer as place from made join given using (id)`,
);

export const insertAccounts = query(
  'clients.insert_accounts',
  z.object({ key: z.int(), place: z.int() }),
  `
  with given as (
    select id, server, login, client_key, group_name, currency, place::integer
      from unnest(:ids::uuid[], :servers::text[], :logins::bigint[], :clientKeys::integer[], :groups::text[], :currencies::text[])
           with ordinality as g (id, server, login, client_key, group_name, currency, place)
  ), made as (
    insert into clients.accounts (id, server, login, client_key, group_name, currency)
    select id, server, login, client_key, group_name, currency from given order by place
    on conflict do nothing
    returning key, server, login
  )
  select made.key, given.place from made join given using (server, login)`,
);

const accountRow = z.object({
  key: z.int(),
  login: z.bigint(),
  clientKey: z.int(),
  group: z.string(),
  currency: Currency,
});

/** One index probe per login. The id stays behind: turning a thousand of them into text would cost more than the query. */
export const accountsOfLogins = query(
  'clients.accounts_of_logins',
  accountRow,
  `
  select a.key, a.login, a.client_key as "clientKey", a.group_name as "group", a.currency
    from clients.accounts a
   where a.server = :server and a.login = any (:logins::bigint[])`,
);

export const keysOfClients = query(
  'clients.keys_of_clients',
  z.object({ id: ClientId, key: z.int() }),
  `
  select id, key from clients.clients where id = any (:ids::uuid[])`,
);

export const listClients = query(
  'clients.list',
  z.object({ id: ClientId, name: z.string(), logins: z.array(z.bigint()) }),
  `
  select c.id, c.name, array_remove(array_agg(a.login order by a.login), null) as logins
    from clients.clients c left join clients.accounts a on a.client_key = c.key
   group by c.key order by c.key offset :offset limit :limit`,
);

export const countClients = query(
  'clients.count_clients',
  z.object({ clients: z.int() }),
  `select count(*)::integer as clients from clients.clients`,
);
