import { z } from 'zod';
import { ApiKeyId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const key = z.object({
  id: ApiKeyId,
  name: z.string(),
  hint: z.string(),
  scopes: z.array(z.string()),
  addresses: z.array(z.string()),
  createdBy: z.string(),
  createdAt: z.date(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
  usedAt: z.date().nullable(),
  usedFrom: z.string().nullable(),
  isLive: z.boolean(),
});

/** No row where it would have ended already, by the database's clock, or where there are too many. */
export const insertApiKey = query(
  'identity.insert_api_key',
  z.object({ id: ApiKeyId }),
  `
  insert into identity.api_keys (id, name, hash, hint, scopes, addresses, created_by, expires_at)
  select :id, :name, :hash, :hint, :scopes::text[], array(select network(address::inet) from unnest(:addresses::text[]) address), :createdBy, :expiresAt::timestamptz
   where coalesce(:expiresAt::timestamptz > clock_timestamp(), true)
  returning id`,
);

export const countLive = query(
  'identity.count_live_api_keys',
  z.object({ live: z.int() }),
  `
  select count(*)::int as live from identity.api_keys
   where revoked_at is null and coalesce(expires_at > clock_timestamp(), true)`,
);

export const apiKeyById = query(
  'identity.api_key_by_id',
  key,
  `
  select id, name, hint, scopes, addresses::text[] as addresses, created_by as "createdBy", created_at as "createdAt",
         expires_at as "expiresAt", revoked_at as "revokedAt", used_at as "usedAt", host(used_from) as "usedFrom",
         revoked_at is null and coalesce(expires_at > clock_timestamp(), true) as "isLive"
    from identity.api_keys where id = :apiKeyId`,
);

export const pageOfApiKeys = pagedQuery(
  'identity.page_of_api_keys',
  key,
  `
  select id, name, hint, scopes, addresses::text[] as addresses, created_by as "createdBy", created_at as "createdAt",
         expires_at as "expiresAt", revoked_at as "revokedAt", used_at as "usedAt", host(used_from) as "usedFrom",
         revoked_at is null and coalesce(expires_at > clock_timestamp(), true) as "isLive"
    from identity.api_keys
   where (:isLive::boolean is null
          or (revoked_at is null and coalesce(expires_at > clock_timestamp(), true)) = :isLive::boolean)`,
  {
    sorts: {
      createdAt: { column: 'createdAt', type: 'timestamptz' },
      name: { column: 'name', type: 'text' },
    },
    unique: { column: 'id', schema: ApiKeyId, type: 'uuid' },
  },
);

export const revokeApiKey = query(
  'identity.revoke_api_key',
  z.object({ id: ApiKeyId }),
  `
  update identity.api_keys set revoked_at = date_trunc('milliseconds', clock_timestamp())
   where id = :apiKeyId and revoked_at is null
  returning id`,
);

/** What is looked at when a program calls: whether the key is live, and whether it may be used from there. */
export const keyForCall = query(
  'identity.api_key_for_call',
  z.object({ hash: z.instanceof(Buffer), scopes: z.array(z.string()), createdBy: z.string(), isUsable: z.boolean() }),
  `
  select hash, scopes, created_by as "createdBy",
         revoked_at is null and coalesce(expires_at > clock_timestamp(), true)
           and (cardinality(addresses) = 0
                or exists (select from unnest(addresses) network where :address::inet <<= network)) as "isUsable"
    from identity.api_keys where id = :apiKeyId`,
);

/** At most once a minute: a busy program must not make a row that is written at every call. */
export const noteUse = query(
  'identity.note_api_key_use',
  z.object({}),
  `
  update identity.api_keys set used_at = date_trunc('milliseconds', clock_timestamp()), used_from = :address::inet
   where id = :apiKeyId and (used_at is null or used_at < clock_timestamp() - interval '1 minute')`,
);
