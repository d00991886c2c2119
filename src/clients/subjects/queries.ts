import { z } from 'zod';
import { AccountId, ClientId, DeskId, UserId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

const owned = { key: z.int(), clientId: ClientId, userId: UserId.nullable(), deskId: DeskId.nullable() };

/** Clients by id or key, and who looks after each. */
export const ownersOfClients = query(
  'clients.owners_of_clients',
  z.object(owned),
  `
  select key, id as "clientId", owner_user_id as "userId", desk_id as "deskId"
    from clients.clients where id = any (:clientIds::uuid[]) or key = any (:keys::integer[])`,
);

export const ownersOfAccounts = query(
  'clients.owners_of_accounts',
  z.object({ accountId: AccountId, ...owned }),
  `
  select a.id as "accountId", c.key, c.id as "clientId", c.owner_user_id as "userId", c.desk_id as "deskId"
    from clients.accounts a join clients.clients c on c.key = a.client_key
   where a.id = any (:accountIds::uuid[])`,
);
