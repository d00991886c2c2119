import { z } from 'zod';
import { PlatformGrantId, UserId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const GrantRow = z.object({
  id: PlatformGrantId,
  operatorId: UserId,
  role: z.enum(['auditor', 'support']),
  reason: z.string(),
  grantedAt: z.date(),
  endsAt: z.date(),
  revokedAt: z.date().nullable(),
  revokedBy: z.string().nullable(),
  state: z.enum(['active', 'ended', 'revoked']),
});
export type GrantRow = z.infer<typeof GrantRow>;

const columns = `id, operator_id as "operatorId", role, reason, granted_at as "grantedAt", ends_at as "endsAt",
  revoked_at as "revokedAt", revoked_by as "revokedBy",
  case when revoked_at is not null then 'revoked' when ends_at <= clock_timestamp() then 'ended' else 'active' end as state`;

export const insertGrant = query(
  'identity.insert_platform_grant',
  GrantRow,
  `
  insert into identity.platform_grants (id, operator_id, role, reason, ends_at)
  values (:id, :operatorId, :role, :reason,
          date_trunc('milliseconds', clock_timestamp()) + make_interval(mins => :minutes))
  returning ${columns}`,
);

export const grantById = query(
  'identity.platform_grant',
  GrantRow,
  `select ${columns} from identity.platform_grants where id = :id`,
);

/** No row where it is revoked already, or there is none. */
export const revokeGrant = query(
  'identity.revoke_platform_grant',
  GrantRow,
  `
  update identity.platform_grants
     set revoked_at = date_trunc('milliseconds', clock_timestamp()), revoked_by = :revokedBy
   where id = :id and revoked_at is null
  returning ${columns}`,
);

export const pageOfGrants = pagedQuery(
  'identity.page_of_platform_grants',
  GrantRow,
  `select ${columns} from identity.platform_grants`,
  {
    sorts: { grantedAt: { column: 'grantedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: PlatformGrantId, type: 'uuid' },
  },
);
