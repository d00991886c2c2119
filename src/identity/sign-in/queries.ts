import { z } from 'zod';
import { realmQuery } from '../../platform/query.ts';
import { signInSurfaces } from '../tokens/types.ts';
import { signInOutcomes } from './types.ts';

/**
 * Counts an attempt before anything is compared, so that many at the same time are counted too; no row while attempts on
 * this account are put off. It is taken back where the attempt turns out right.
 */
export const countAttempt = realmQuery(
  'identity.count_sign_in_attempt',
  z.object({ failures: z.int() }),
  `
  insert into identity.sign_in_failures as f (account_hash, failures, last_failed_at)
  values (:accountHash, 1, clock_timestamp())
  on conflict (account_hash) do update
     set failures = case when f.last_failed_at < clock_timestamp() - make_interval(secs => :forgetMs::double precision / 1000)
                         then 1 else f.failures + 1 end,
         last_failed_at = clock_timestamp(),
         blocked_until =
           case when f.failures + 1 >= :attemptsFree::integer
                 and f.last_failed_at >= clock_timestamp() - make_interval(secs => :forgetMs::double precision / 1000)
                then clock_timestamp() + make_interval(secs =>
                       least(:mostMs::double precision, :firstMs::double precision * 2 ^ least(f.failures + 1 - :attemptsFree::integer, 30)) / 1000)
           end
   where f.blocked_until is null or f.blocked_until <= clock_timestamp()
  returning failures`,
);

export const secondsBlocked = realmQuery(
  'identity.sign_in_seconds_blocked',
  z.object({ seconds: z.int() }),
  `
  select greatest(1, ceil(extract(epoch from blocked_until - clock_timestamp())))::integer as seconds
    from identity.sign_in_failures where account_hash = :accountHash and blocked_until is not null`,
);

/** Forgets an account's failures, because somebody proved to be its owner. */
export const forgetFailures = realmQuery(
  'identity.forget_sign_in_failures',
  z.object({}),
  `delete from identity.sign_in_failures where account_hash = :accountHash`,
);

/** Takes one attempt back, because it was neither right nor wrong; failures before it stay. */
export const takeAttemptBack = realmQuery(
  'identity.take_sign_in_attempt_back',
  z.object({}),
  `
  with one as (
    delete from identity.sign_in_failures where account_hash = :accountHash and failures = 1
  )
  update identity.sign_in_failures set failures = failures - 1, blocked_until = null
   where account_hash = :accountHash and failures > 1`,
);

/** Nothing is written for nobody; the statement runs all the same. */
export const insertSignIn = realmQuery(
  'identity.insert_sign_in',
  z.object({}),
  `
  insert into identity.sign_ins (user_id, outcome, surface, address, user_agent)
  select u.id, :outcome, :surface, :address, :userAgent from identity.users u where u.id = :userId`,
);

/** Whether the device is new to somebody who has another one. Of the others only those used last are kept: what a program calls itself is its own invention. */
export const putDevice = realmQuery(
  'identity.put_device',
  z.object({ isFurther: z.boolean() }),
  `
  with known as (
    select count(*) as number, bool_or(fingerprint = :fingerprint) as has_this from identity.devices where user_id = :userId
  ), put as (
    insert into identity.devices (id, user_id, fingerprint, user_agent, last_address)
    values (:newId::uuid, :userId, :fingerprint, :userAgent, :address)
    on conflict (user_id, fingerprint) do update
       set last_seen_at = date_trunc('milliseconds', clock_timestamp()), last_address = excluded.last_address
  ), dropped as (
    delete from identity.devices
     where user_id = :userId and fingerprint <> :fingerprint
       and id in (select id from identity.devices where user_id = :userId order by last_seen_at desc, id offset :othersKept)
  )
  select number > 0 and not coalesce(has_this, false) as "isFurther" from known`,
);

export const devicesOfUser = realmQuery(
  'identity.devices_of_user',
  z.object({
    userAgent: z.string(),
    firstSeenAt: z.date(),
    lastSeenAt: z.date(),
    lastAddress: z.string(),
  }),
  `
  select user_agent as "userAgent", first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", last_address as "lastAddress"
    from identity.devices where user_id = :userId order by last_seen_at desc, id limit :max`,
);

export const signInsOfUser = realmQuery(
  'identity.sign_ins_of_user',
  z.object({
    at: z.date(),
    outcome: z.enum(signInOutcomes),
    surface: z.enum(signInSurfaces).nullable(),
    address: z.string(),
    userAgent: z.string(),
  }),
  `
  select at, outcome, surface, address, user_agent as "userAgent"
    from identity.sign_ins where user_id = :userId order by key desc limit :max`,
);
