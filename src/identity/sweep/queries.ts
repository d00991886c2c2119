import { z } from 'zod';
import { realmQuery } from '../../platform/query.ts';

const removed = z.object({ removed: z.int() });

/** Sessions are kept a month beyond their end, for questions; their refresh tokens go with them. */
export const deleteOldSessions = realmQuery(
  'identity.delete_old_sessions',
  removed,
  `
  with old as (
    delete from identity.sessions
     where id in (select id from identity.sessions where expires_at < clock_timestamp() - interval '30 days'
                   order by expires_at limit :max for update skip locked)
    returning 1
  )
  select count(*)::integer as removed from old`,
);

export const deleteOldOneTimeTokens = realmQuery(
  'identity.delete_old_one_time_tokens',
  removed,
  `
  with old as (
    delete from identity.one_time_tokens
     where hash in (select hash from identity.one_time_tokens where expires_at < clock_timestamp() - interval '1 day'
                     order by expires_at limit :max for update skip locked)
    returning 1
  )
  select count(*)::integer as removed from old`,
);

export const deleteOldFailures = realmQuery(
  'identity.delete_old_sign_in_failures',
  removed,
  `
  with old as (
    delete from identity.sign_in_failures
     where account_hash in (select account_hash from identity.sign_in_failures
                             where last_failed_at < clock_timestamp() - make_interval(secs => :forgetMs::double precision / 1000)
                             order by last_failed_at limit :max for update skip locked)
    returning 1
  )
  select count(*)::integer as removed from old`,
);

export const deleteOldSignIns = realmQuery(
  'identity.delete_old_sign_ins',
  removed,
  `
  with old as (
    delete from identity.sign_ins
     where key in (select key from identity.sign_ins where at < clock_timestamp() - interval '180 days'
                    order by at limit :max)
    returning 1
  )
  select count(*)::integer as removed from old`,
);
