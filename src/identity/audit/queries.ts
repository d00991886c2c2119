import { z } from 'zod';
import { ApiKeyId, UserId } from '../../kernel/ids.ts';
import { query, realmQuery } from '../../platform/query.ts';

export const namesOfUsers = realmQuery(
  'identity.names_of_users',
  z.object({ id: UserId, name: z.string() }),
  `select id, name from identity.users where id = any (:userIds::uuid[])`,
);

export const namesOfApiKeys = query(
  'identity.names_of_api_keys',
  z.object({ id: ApiKeyId, name: z.string() }),
  `select id, name from identity.api_keys where id = any (:keyIds::uuid[])`,
);
