import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Who makes a key holds this to the end of his transaction. */
export const lockKeys = query(
  'payouts.lock_signing_keys',
  z.object({}),
  `select from (select pg_advisory_xact_lock(hashtext('payouts.signing_keys'))) as held`,
);

/** The key that signs; nothing where all are too old. */
export const newestKey = query(
  'payouts.newest_signing_key',
  z.object({ kid: z.string(), privateKey: z.instanceof(Buffer) }),
  `
  select kid, private_key as "privateKey"
    from (select * from payouts.signing_keys order by created_at desc, kid limit 1) newest
   where created_at > clock_timestamp() - make_interval(days => :ageDaysMax)`,
);

export const insertKey = query(
  'payouts.insert_signing_key',
  z.object({}),
  `insert into payouts.signing_keys (kid, public_key, private_key) values (:kid, :publicKey, :privateKey)`,
);

/** What is public of every key, the oldest first. */
export const allKeys = query(
  'payouts.signing_keys',
  z.object({ kid: z.string(), publicKey: z.string(), createdAt: z.date() }),
  `
  select kid, public_key as "publicKey", date_trunc('milliseconds', created_at) as "createdAt"
    from payouts.signing_keys order by created_at, kid`,
);
