import { z } from 'zod';
import { realmQuery } from '../../platform/query.ts';

const bytes = z.instanceof(Buffer);

export const factorsOfUser = realmQuery(
  'identity.factors_of_user',
  z.object({ totp: z.boolean(), passkeys: z.int(), recoveryCodesLeft: z.int() }),
  `
  select exists (select from identity.totp_factors where user_id = :userId and secret is not null) as totp,
         (select count(*)::int from identity.passkeys where user_id = :userId) as passkeys,
         (select count(*)::int from identity.recovery_codes where user_id = :userId and used_at is null) as "recoveryCodesLeft"`,
);

/** The secrets of an authenticator app, and the time by the database, which decides over codes. */
export const readTotp = realmQuery(
  'identity.read_totp',
  z.object({ secret: bytes.nullable(), pendingSecret: bytes.nullable(), nowSeconds: z.number() }),
  `
  select secret, case when pending_until > clock_timestamp() then pending_secret end as "pendingSecret",
         extract(epoch from clock_timestamp())::float8 as "nowSeconds"
    from identity.totp_factors where user_id = :userId`,
);

export const putPendingTotp = realmQuery(
  'identity.put_pending_totp',
  z.object({ pendingUntil: z.date() }),
  `
  insert into identity.totp_factors as factor (user_id, pending_secret, pending_until)
  values (:userId, :secret, date_trunc('milliseconds', clock_timestamp()) + make_interval(mins => :minutes))
  on conflict (user_id) do update set pending_secret = excluded.pending_secret, pending_until = excluded.pending_until
  returning pending_until as "pendingUntil"`,
);

/** Takes a time step, once: whoever comes second, or with an earlier one, gets no row (RFC 6238, 5.2). */
export const takeStep = realmQuery(
  'identity.take_totp_step',
  z.object({}),
  `
  update identity.totp_factors set last_step = :step where user_id = :userId and secret is not null and last_step < :step
  returning 1`,
);

/** The pending secret becomes the one in use, with the step that proved it taken. */
export const confirmTotp = realmQuery(
  'identity.confirm_totp',
  z.object({}),
  `
  update identity.totp_factors
     set secret = pending_secret, pending_secret = null, pending_until = null, last_step = :step,
         confirmed_at = date_trunc('milliseconds', clock_timestamp())
   where user_id = :userId and pending_secret = :pendingSecret and pending_until > clock_timestamp()
  returning 1`,
);

/** An authenticator app whose secret its owner has already. */
export const putTotp = realmQuery(
  'identity.put_totp',
  z.object({}),
  `
  insert into identity.totp_factors (user_id, secret, confirmed_at)
  values (:userId, :secret, date_trunc('milliseconds', clock_timestamp()))
  on conflict (user_id) do nothing`,
);

export const deleteTotp = realmQuery(
  'identity.delete_totp',
  z.object({ wasInUse: z.boolean() }),
  `delete from identity.totp_factors where user_id = :userId returning secret is not null as "wasInUse"`,
);

export const deleteRecoveryCodes = realmQuery(
  'identity.delete_recovery_codes',
  z.object({}),
  `delete from identity.recovery_codes where user_id = :userId`,
);

export const insertRecoveryCodes = realmQuery(
  'identity.insert_recovery_codes',
  z.object({}),
  `insert into identity.recovery_codes (user_id, hash) select :userId::uuid, unnest(:hashes::bytea[])`,
);

/** Uses a recovery code up: of many at the same time one gets the row. */
export const useRecoveryCode = realmQuery(
  'identity.use_recovery_code',
  z.object({}),
  `
  update identity.recovery_codes set used_at = clock_timestamp() where user_id = :userId and hash = :hash and used_at is null
  returning 1`,
);

/** Whoever changes somebody's factors holds this, so that the last one cannot be removed twice over. */
export const lockFactors = realmQuery(
  'identity.lock_factors',
  z.object({}),
  `select pg_advisory_xact_lock(hashtextextended('identity.factors/' || :user, 0))::text as locked`,
);

/** Whether a second factor was given in this session within the last 5 minutes. */
export const isProvenLately = realmQuery(
  'identity.is_proven_lately',
  z.object({ lately: z.boolean() }),
  `
  select coalesce(proven_at > clock_timestamp() - interval '5 minutes', false) as lately
    from identity.sessions where id = :sessionId and user_id = :userId and ended_at is null`,
);

export const deletePasskeysOfUser = realmQuery(
  'identity.delete_passkeys_of_user',
  z.object({}),
  `delete from identity.passkeys where user_id = :userId`,
);

/** When an authenticator app was confirmed; null where one waits for its first code. */
export const totpSince = realmQuery(
  'identity.totp_since',
  z.object({ confirmedAt: z.date().nullable() }),
  `select confirmed_at as "confirmedAt" from identity.totp_factors where user_id = :userId`,
);
