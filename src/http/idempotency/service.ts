import { createHash } from 'node:crypto';
import type { OperationForm } from '../../kernel/operation.ts';
import type { Caller } from '../../platform/access.ts';
import type { AnyAnswer } from '../../platform/route.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { asJson } from '../answer.ts';
import { httpProblem } from '../errors.ts';
import { claimKey, storeAnswer, storedAnswer, sweepAnswers } from './queries.ts';

/** A request that is carried out once: whose it is, its key, and the hash of all that it says. */
export type OnceRequest = {
  readonly caller: string;
  readonly key: string;
  readonly operation: string;
  readonly hash: Buffer;
};

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Reads what makes a request the same request: its caller's key, and the address and the body as they were sent. */
export function onceRequestOf(
  operation: OperationForm,
  caller: Caller,
  asked: { readonly key: string | undefined; readonly address: string; readonly body: Buffer },
): OnceRequest {
  if (asked.key === undefined || asked.key === '')
    throw httpProblem('http.idempotency_key_required', { detail: 'Send the header Idempotency-Key' });
  if (!KEY.test(asked.key))
    throw httpProblem('http.idempotency_key_required', { detail: 'A key is 1 to 255 visible characters of ASCII' });
  const hash = createHash('sha256').update(`${asked.address}\n`).update(asked.body).digest();
  return { caller: `${caller.kind}/${caller.id}`, key: asked.key, operation: operation.id, hash };
}

/**
 * Carries a request out once (contract, HTTP habits; case A15): in the transaction in which the key is claimed the work is
 * done and its answer stored, so that after a crash either all of it is there or none. A repeated request gets the stored
 * answer; `http.idempotency_key_reused` (422) where it says something else, `http.idempotency_in_flight` (409) while the
 * first is still at work: nobody waits. A refused request stores nothing and may be sent again under the same key.
 */
export async function answerOnce(
  tx: TenantTx,
  { caller, key, operation, hash }: OnceRequest,
  work: () => Promise<AnyAnswer>,
): Promise<AnyAnswer> {
  const [claim] = await claimKey(tx, { caller, key });
  if (claim?.claimed !== true) throw httpProblem('http.idempotency_in_flight', { retryAfterSeconds: 1 });
  const [stored] = await storedAnswer(tx, { caller, key });
  if (stored !== undefined) {
    if (stored.operation !== operation || !stored.requestHash.equals(hash))
      throw httpProblem('http.idempotency_key_reused');
    return replayOf(stored);
  }
  const answer = await work();
  const text = answer.json === undefined ? (answer.text ?? '') : asJson(answer.json);
  await storeAnswer(tx, { caller, key, operation, requestHash: hash, status: answer.status, answer: text });
  await sweepAnswers(tx, {});
  return answer;
}

const replayOf = ({ status, answer }: { readonly status: number; readonly answer: string }): AnyAnswer => ({
  status,
  headers: { 'Idempotent-Replayed': 'true' },
  ...(answer === '' ? {} : { text: answer, contentType: 'application/json; charset=utf-8' }),
});
