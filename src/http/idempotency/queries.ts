import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Tries to be the only request with this key until the transaction ends; never waits. */
export const claimKey = query(
  'http.idempotency_claim',
  z.object({ claimed: z.boolean() }),
  `select pg_try_advisory_xact_lock(hashtextextended(:caller || ' ' || :key, 20261120)) as claimed`,
);

/** The answer that is stored under a caller's key, if it still counts. */
export const storedAnswer = query(
  'http.idempotency_stored',
  z.object({ operation: z.string(), requestHash: z.instanceof(Buffer), status: z.int(), answer: z.string() }),
  `
  select operation, request_hash as "requestHash", status, answer
    from platform.idempotency
   where caller = :caller and key = :key and created_at > clock_timestamp() - interval '7 days'`,
);

/** Stores the answer of the transaction that it is part of. A row in its place is too old to count. */
export const storeAnswer = query(
  'http.idempotency_store',
  z.object({}),
  `
  insert into platform.idempotency as kept (caller, key, operation, request_hash, status, answer)
  values (:caller, :key, :operation, :requestHash, :status, :answer)
      on conflict (caller, key) do update
     set operation = excluded.operation, request_hash = excluded.request_hash, status = excluded.status,
         answer = excluded.answer, created_at = excluded.created_at`,
);

/** Removes a few answers that no longer count. */
export const sweepAnswers = query(
  'http.idempotency_sweep',
  z.object({}),
  `
  delete from platform.idempotency
   where (caller, key) in (
     select caller, key from platform.idempotency
      where created_at <= clock_timestamp() - interval '7 days'
      order by created_at limit 20 for update skip locked)`,
);
