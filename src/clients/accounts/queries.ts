import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AccountId, ClientId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { isWithinReach, withinReach } from '../reach.ts';

export const accountRow = z.object({
  id: AccountId,
  clientId: ClientId,
  server: z.string(),
  login: z.bigint(),
  group: z.string(),
  currency: Currency,
  openedAt: z.date(),
});
export type AccountRow = z.infer<typeof accountRow>;

const columns = `a.id, c.id as "clientId", a.server, a.login, a.group_name as "group", a.currency, a.opened_at as "openedAt"`;

export const pageOfTradingAccounts = pagedQuery(
  'clients.page_of_accounts',
  accountRow,
  `select ${columns}
     from clients.accounts a
     join clients.clients c on c.key = a.client_key
    where ${withinReach('a.client_key')}
      and (:clientId::uuid is null or a.client_key = (select one.key from clients.clients one where one.id = :clientId::uuid))
      and (:server::text is null or a.server = :server::text)
      and (:login::bigint is null or a.login = :login::bigint)`,
  {
    sorts: {
      openedAt: { column: 'openedAt', type: 'timestamptz' },
      login: { column: 'login', type: 'bigint' },
    },
    unique: { column: 'id', schema: AccountId, type: 'uuid' },
  },
);

export const accountWithinReach = query(
  'clients.account_within_reach',
  accountRow,
  `select ${columns}
     from clients.accounts a
     join clients.clients c on c.key = a.client_key
    where a.id = :id and ${isWithinReach('a.client_key')}`,
);
