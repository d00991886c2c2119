import { z } from 'zod';
import { query } from '../query.ts';
import type { TenantTx } from '../tenant-tx.ts';
import type { ChainHead } from './types.ts';

const growInstallationHead = query(
  'platform.grow_installation_head',
  z.object({}),
  `
  insert into platform.installation_head as h (seq, hash, seen_at) values (:seq, :hash, clock_timestamp())
  on conflict (only_row) do update set seq = excluded.seq, hash = excluded.hash, seen_at = excluded.seen_at
   where h.seq < excluded.seq`,
);

const readInstallationHead = query(
  'platform.read_installation_head',
  z.object({ seq: z.bigint(), hash: z.instanceof(Buffer) }),
  `
  select seq, hash from platform.installation_head`,
);

/** Copies the head of the installation's own chain of events into a tenant's database. The copy only ever grows. */
export async function keepInstallationHead(tx: TenantTx, { seq, hash }: ChainHead): Promise<void> {
  await growInstallationHead(tx, { seq, hash });
}

/** The head of the installation's chain as it was last copied into this tenant's database. */
export async function installationHeadSeen(tx: TenantTx): Promise<ChainHead | undefined> {
  const [head] = await readInstallationHead(tx, {});
  return head;
}
