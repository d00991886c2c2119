import { z } from 'zod';
import { TenantId } from '../../kernel/ids.ts';
import type { StoredEvent } from '../../platform/events/index.ts';
import { controlQuery, query } from '../../platform/query.ts';

export const insertNotice = controlQuery(
  'tenancy.insert_notice',
  z.object({}),
  `
  insert into control.notices (id, tenant_id, type, payload, actor, causation)
  values (gen_random_uuid(), :tenantId, :type, :payload, :actor, :causation)`,
);

/** Oldest first, so many of a tenant at most, so that one that cannot be reached holds up nobody else. */
export const waitingNotices = controlQuery(
  'tenancy.waiting_notices',
  z.object({
    notice: z.string(),
    tenantId: TenantId,
    type: z.string(),
    payload: z.custom<StoredEvent['payload']>((value) => typeof value === 'object' && value !== null),
    actor: z.string(),
    causation: z.string(),
  }),
  `
  select id::text as notice, tenant_id as "tenantId", type, payload, actor, causation
    from (select n.*, row_number() over (partition by n.tenant_id order by n.created_at, n.id) as place
            from control.notices n
            join control.tenants t on t.id = n.tenant_id and t.status <> 'provisioning') waiting
   where place <= :perTenantMax and (:onlyTenantId::uuid is null or tenant_id = :onlyTenantId)
   order by created_at, id
   limit :max`,
);

export const deleteNotice = controlQuery(
  'tenancy.delete_notice',
  z.object({}),
  `delete from control.notices where id = :notice::uuid`,
);

/** One deliverer at a time in a tenant's database, held to the commit. */
export const takeNoticeLock = query('tenancy.notice_lock', z.object({}), `select from pg_advisory_xact_lock(7205004)`);

export const isRecorded = query(
  'tenancy.notice_is_recorded',
  z.object({ found: z.boolean() }),
  `select exists (select from platform.events where stream = :stream) as found`,
);
