import { z } from 'zod';
import { UserId } from '../../kernel/ids.ts';
import { realmQuery } from '../../platform/query.ts';

export const insertOneTimeToken = realmQuery(
  'identity.insert_one_time_token',
  z.object({}),
  `
  insert into identity.one_time_tokens (hash, purpose, user_id, data, expires_at)
  values (:hash, :purpose, :userId, :data, clock_timestamp() + make_interval(mins => :minutes))`,
);

/** Of many at the same time one gets the row: the others wait for it, and find it used. */
export const useOneTimeToken = realmQuery(
  'identity.use_one_time_token',
  z.object({ userId: UserId.nullable(), data: z.record(z.string(), z.unknown()) }),
  `
  update identity.one_time_tokens set used_at = clock_timestamp()
   where hash = :hash and purpose = :purpose and used_at is null and expires_at > clock_timestamp()
  returning user_id as "userId", data`,
);

export const readOneTimeToken = realmQuery(
  'identity.read_one_time_token',
  z.object({ userId: UserId.nullable(), data: z.record(z.string(), z.unknown()) }),
  `
  select user_id as "userId", data from identity.one_time_tokens
   where hash = :hash and purpose = :purpose and used_at is null and expires_at > clock_timestamp()`,
);

export const countOneTimeTokens = realmQuery(
  'identity.count_one_time_tokens',
  z.object({ live: z.int() }),
  `
  select count(*)::integer as live from identity.one_time_tokens
   where user_id = :userId and purpose = :purpose and used_at is null and expires_at > clock_timestamp()`,
);

export const dropOneTimeTokens = realmQuery(
  'identity.drop_one_time_tokens',
  z.object({}),
  `
  update identity.one_time_tokens set used_at = clock_timestamp()
   where user_id = :userId and purpose = :purpose and used_at is null`,
);
