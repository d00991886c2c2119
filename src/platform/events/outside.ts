import { z } from 'zod';
import { TenantId } from '../../kernel/ids.ts';
import { controlQuery } from '../query.ts';
import type { TenantTx, WithControl } from '../tenant-tx.ts';
import { hashAt } from './queries.ts';
import type { ChainHead, HintAudience } from './types.ts';

const putHints = controlQuery(
  'platform.put_hints',
  z.object({}),
  `
  insert into control.hints (audience, tenant_id) select :audience, t.id from unnest(:tenantIds::uuid[]) as t (id) order by t.id
  on conflict (audience, tenant_id) do update set hinted_at = clock_timestamp()`,
);

const deleteHints = controlQuery(
  'platform.take_hints',
  z.object({ tenantId: TenantId }),
  `
  delete from control.hints h
   using (select tenant_id from control.hints where audience = :audience order by hinted_at limit :max for update skip locked) oldest
   where h.audience = :audience and h.tenant_id = oldest.tenant_id
  returning h.tenant_id as "tenantId"`,
);

const growHead = controlQuery(
  'platform.grow_chain_head',
  z.object({}),
  `
  insert into control.chain_heads (tenant_id, seq, hash, seen_at) values (:tenantId, :seq, :hash, clock_timestamp())
  on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash, seen_at = excluded.seen_at
   where chain_heads.seq < excluded.seq`,
);

const headOf = controlQuery(
  'platform.chain_head_of',
  z.object({ seq: z.bigint(), hash: z.instanceof(Buffer) }),
  `
  select seq, hash from control.chain_heads where tenant_id = :tenantId`,
);

/**
 * Says, after a commit, that tenants have work. A hint saves waiting for the next round and nothing else: one that is
 * lost is made good by the visit that every tenant gets anyway, so the caller may ignore that it failed (and log it).
 */
export async function hint(
  withControl: WithControl,
  tenantIds: readonly TenantId[],
  audience: HintAudience,
): Promise<void> {
  await withControl((tx) => putHints(tx, { tenantIds, audience }));
}

/**
 * Takes hints away, oldest first, at most `max`. They are taken before the tenant is visited: a commit that comes
 * meanwhile leaves a new one. Two processes that take at once get different hints.
 */
export async function takeHints(withControl: WithControl, audience: HintAudience, max: number): Promise<TenantId[]> {
  const taken = await withControl((tx) => deleteHints(tx, { audience, max }));
  return taken.map((row) => row.tenantId);
}

/**
 * Copies the chain of a tenant as far as `seq` out of its database, as a number and a hash. The copy only ever grows,
 * whoever writes it and in what order.
 */
export async function keepHeadOutside(withControl: WithControl, tx: TenantTx, seq: bigint): Promise<void> {
  const [row] = await hashAt(tx, { seq });
  if (row === undefined) throw new Error(`event ${seq} is not there to be copied`);
  await withControl((control) => growHead(control, { tenantId: tx.tenantId, seq, hash: row.hash }));
}

/** The head kept outside, if the relay has seen any event. Read it before `verifyEvents` begins, not after. */
export async function headKeptOutside(withControl: WithControl, tenantId: TenantId): Promise<ChainHead | undefined> {
  const [head] = await withControl((tx) => headOf(tx, { tenantId }));
  return head;
}
