import { z } from 'zod';
import { controlQuery } from '../../platform/query.ts';

/** Who makes a key holds this, so that two processes at the same time make one. */
export const lockSigningKeys = controlQuery(
  'identity.lock_signing_keys',
  z.object({}),
  `select from pg_advisory_xact_lock(7205003)`,
);

/** Every key whose tokens may still live, the oldest first, and the time by the database, which decides over tokens. */
export const liveSigningKeys = controlQuery(
  'identity.live_signing_keys',
  z.object({
    kid: z.string(),
    publicKey: z.string(),
    privateKey: z.instanceof(Buffer),
    signsFrom: z.date(),
    createdAt: z.date(),
    verifiesUntil: z.date().nullable(),
    now: z.date(),
  }),
  `
  select kid, public_key as "publicKey", private_key as "privateKey", signs_from as "signsFrom", created_at as "createdAt",
         verifies_until as "verifiesUntil", clock_timestamp() as now
    from identity.signing_keys
   where verifies_until is null or verifies_until > clock_timestamp()
   order by signs_from`,
);

/** A key that signs after a while: by then every process knows it. */
export const insertSigningKey = controlQuery(
  'identity.insert_signing_key',
  z.object({ signsFrom: z.date() }),
  `
  insert into identity.signing_keys (kid, public_key, private_key, signs_from)
  values (:kid, :publicKey, :privateKey, clock_timestamp() + make_interval(secs => :leadMs::double precision / 1000))
  returning signs_from as "signsFrom"`,
);

/** All but the newest verify for a while longer: until what they signed has ended. */
export const retireSigningKeys = controlQuery(
  'identity.retire_signing_keys',
  z.object({ kid: z.string() }),
  `
  update identity.signing_keys
     set verifies_until = clock_timestamp() + make_interval(secs => :verifiesMs::double precision / 1000)
   where kid <> :newKid and (verifies_until is null or (:isRevoked::boolean and verifies_until > clock_timestamp()))
  returning kid`,
);

export const deleteSigningKeys = controlQuery(
  'identity.delete_signing_keys',
  z.object({ kid: z.string() }),
  `
  delete from identity.signing_keys where verifies_until < clock_timestamp() - interval '1 day' returning kid`,
);
