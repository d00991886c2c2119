import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AccountId, ClientId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';
import { isWithinReach, withinReach } from '../reach.ts';

export const idsOfKeys = query(
  'clients.ids_of_keys',
  z.object({ key: z.int(), id: ClientId }),
  `
  select key, id from clients.clients where key = any (:keys::integer[])`,
);

/** The referral codes with which clients signed up, in one spelling; '' without one. A code never changes. */
export const channelsOfKeys = query(
  'clients.channels_of_keys',
  z.object({ key: z.int(), channel: z.string() }),
  `
  select key, upper(coalesce(referral_code, '')) as channel from clients.clients where key = any (:keys::integer[])`,
);

/** Accounts within reach, as the platforms know them. */
export const loginsWithin = query(
  'clients.logins_within',
  z.object({ server: z.string(), login: z.bigint() }),
  `
  select a.server, a.login
    from clients.accounts a
   where ${withinReach('a.client_key')}
     and (:accountId::uuid is null or a.id = :accountId)
     and (:clientId::uuid is null or a.client_key = (select c.key from clients.clients c where c.id = :clientId))
   limit :limit`,
);

/** Of the accounts named those within reach: one index probe each, then one question from its client upward. */
export const accountsAmong = query(
  'clients.accounts_among',
  z.object({ server: z.string(), login: z.bigint(), id: AccountId, clientId: ClientId }),
  `
  select a.server, a.login, a.id, c.id as "clientId"
    from unnest(:servers::text[], :logins::bigint[]) as g (server, login)
    join clients.accounts a on a.server = g.server and a.login = g.login
    join clients.clients c on c.key = a.client_key
   where ${isWithinReach('a.client_key')}`,
);

/** The accounts of clients as the platforms know them, each client's in the order of their opening. */
export const accountsOfClients = query(
  'clients.accounts_of_clients',
  z.object({ key: z.int(), clientKey: z.int(), server: z.string(), login: z.bigint(), currency: Currency }),
  `
  select key, client_key as "clientKey", server, login, currency
    from clients.accounts where client_key = any (:clientKeys::integer[]) order by client_key, key`,
);

export const countriesOfClients = query(
  'clients.countries_of_clients',
  z.object({ key: z.int(), country: z.string().nullable() }),
  `
  select key, country from clients.clients where key = any (:keys::integer[])`,
);

/** The currencies of accounts. */
export const currenciesOfAccounts = query(
  'clients.currencies_of_accounts',
  z.object({ currency: Currency }),
  `
  select distinct currency from clients.accounts order by currency`,
);
