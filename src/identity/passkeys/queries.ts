import { z } from 'zod';
import { PasskeyId, UserId } from '../../kernel/ids.ts';
import { realmQuery } from '../../platform/query.ts';

const passkey = z.object({
  id: PasskeyId,
  name: z.string(),
  host: z.string(),
  createdAt: z.date(),
  usedAt: z.date().nullable(),
});

/** What nobody answered in time goes, a few at a time, whenever a new challenge is given out. */
export const clearChallenges = realmQuery(
  'identity.clear_challenges',
  z.object({}),
  `
  delete from identity.passkey_challenges where hash in (
    select hash from identity.passkey_challenges where expires_at < clock_timestamp() limit 20 for update skip locked)`,
);

export const insertChallenge = realmQuery(
  'identity.insert_challenge',
  z.object({}),
  `
  insert into identity.passkey_challenges (hash, purpose, user_id, expires_at)
  values (:hash, :purpose, :userId, clock_timestamp() + make_interval(mins => :minutes))`,
);

/** Takes a challenge out, whatever comes of the answer: nobody answers it a second time. */
export const takeChallenge = realmQuery(
  'identity.take_challenge',
  z.object({ isLive: z.boolean() }),
  `
  delete from identity.passkey_challenges
   where hash = :hash and purpose = :purpose and user_id is not distinct from :userId::uuid
  returning expires_at > clock_timestamp() as "isLive"`,
);

export const passkeysOfUser = realmQuery(
  'identity.passkeys_of_user',
  passkey,
  `
  select id, name, rp_id as host, created_at as "createdAt", used_at as "usedAt"
    from identity.passkeys where user_id = :userId order by created_at, id`,
);

export const credentialsOfUser = realmQuery(
  'identity.credentials_of_user',
  z.object({ credentialId: z.instanceof(Buffer), transports: z.array(z.string()) }),
  `
  select credential_id as "credentialId", transports
    from identity.passkeys where user_id = :userId and rp_id = :rpId order by created_at, id`,
);

/** A credential as it is checked; held, so that its counter is compared and moved by one answer at a time. */
export const lockCredential = realmQuery(
  'identity.lock_credential',
  z.object({
    id: PasskeyId,
    userId: UserId,
    publicKey: z.instanceof(Buffer),
    counter: z.bigint(),
  }),
  `
  select id, user_id as "userId", public_key as "publicKey", counter
    from identity.passkeys where credential_id = :credential and rp_id = :rpId
     for update`,
);

export const insertPasskey = realmQuery(
  'identity.insert_passkey',
  passkey,
  `
  insert into identity.passkeys (id, user_id, credential_id, public_key, counter, rp_id, transports, name)
  values (:id, :userId, :credential, :publicKey, :counter, :rpId, :transports, :name)
  on conflict (credential_id) do nothing
  returning id, name, rp_id as host, created_at as "createdAt", used_at as "usedAt"`,
);

export const usePasskey = realmQuery(
  'identity.use_passkey',
  z.object({}),
  `
  update identity.passkeys set counter = :counter, used_at = date_trunc('milliseconds', clock_timestamp())
   where id = :id`,
);

export const renamePasskey = realmQuery(
  'identity.rename_passkey',
  passkey,
  `
  update identity.passkeys set name = :name where id = :passkeyId and user_id = :userId
  returning id, name, rp_id as host, created_at as "createdAt", used_at as "usedAt"`,
);

export const deletePasskey = realmQuery(
  'identity.delete_passkey',
  z.object({ id: PasskeyId }),
  `delete from identity.passkeys where id = :passkeyId and user_id = :userId returning id`,
);
