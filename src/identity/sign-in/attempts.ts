import { createHash } from 'node:crypto';
import { newUuid, type UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import type { Device } from '../sessions/types.ts';
import type { SignInSurface } from '../tokens/types.ts';
import { emailKeyOf } from '../../kernel/contact.ts';
import { userStream } from '../users/service.ts';
import * as queries from './queries.ts';
import type { DelaySettings, SignInOutcome } from './types.ts';

const MINUTE_MS = 60_000;
/** Devices that are remembered of a person besides the one at hand. */
const DEVICES_MAX = 100;

export const delayDefaults: DelaySettings = {
  attemptsFree: 5,
  firstMs: MINUTE_MS / 2,
  mostMs: 15 * MINUTE_MS,
  forgetMs: 24 * 60 * MINUTE_MS,
};

/** An account as failures are counted: by what was typed, so that nobody's address is counted like somebody's. */
export const accountHashOf = (email: string): Buffer => createHash('sha256').update(emailKeyOf(email)).digest();

/**
 * Counts an attempt on an account, in a transaction of its own before anything is compared. `identity.sign_in_delayed`
 * (429) while attempts on it are put off, whoever makes them, right or not. Gives how many there were since the last right one.
 */
export async function countAttempt(tx: RealmTx, email: string, delays: DelaySettings): Promise<number> {
  const accountHash = accountHashOf(email);
  const [counted] = await queries.countAttempt(tx, { accountHash, ...delays });
  if (counted !== undefined) return counted.failures;
  const [blocked] = await queries.secondsBlocked(tx, { accountHash });
  throw identityProblem('identity.sign_in_delayed', { retryAfterSeconds: blocked?.seconds ?? 1 });
}

export const forgetFailures = (tx: RealmTx, email: string): Promise<unknown> =>
  queries.forgetFailures(tx, { accountHash: accountHashOf(email) });

export const takeAttemptBack = (tx: RealmTx, email: string): Promise<unknown> =>
  queries.takeAttemptBack(tx, { accountHash: accountHashOf(email) });

/** How an attempt ended, for the log that its owner sees. */
export type Attempt = {
  /** Null for nobody. */
  readonly userId: UserId | null;
  readonly outcome: SignInOutcome;
  readonly surface: SignInSurface | null;
  readonly device: Device;
};

/** Notes an attempt; nothing is kept for nobody, but the same is done. */
export async function noteAttempt(tx: RealmTx, { userId, outcome, surface, device }: Attempt): Promise<void> {
  await queries.insertSignIn(tx, { userId, outcome, surface, ...device });
}

/** Notes that an attempt failed; `failures` since the last right one tell whether the next are put off. */
export async function noteFailedAttempt(
  tx: RealmTx,
  attempt: Attempt,
  failures: number,
  delays: DelaySettings,
): Promise<void> {
  await noteAttempt(tx, attempt);
  const stream = attempt.userId === null ? 'sign-ins' : userStream(attempt.userId);
  const payload = { outcome: attempt.outcome, failures, isDelayed: failures >= delays.attemptsFree };
  emit(tx, { stream, type: 'identity.sign_in_failed', schemaVersion: 1, payload });
}

/** Notes from which device somebody signed in; whether it is a new one beside others. */
export async function noteDevice(tx: RealmTx, userId: UserId, device: Device): Promise<boolean> {
  const family = device.userAgent.replaceAll(/[\d._]+/g, ''); // A browser that was brought up to date is no new device.
  const fingerprint = createHash('sha256').update(family).digest();
  const [row] = await queries.putDevice(tx, {
    userId,
    fingerprint,
    newId: newUuid(Date.now()),
    othersKept: DEVICES_MAX,
    ...device,
  });
  return row?.isFurther ?? false;
}
