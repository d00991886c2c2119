import { createHash, randomBytes } from 'node:crypto';
import { generateSecret, generateURI, verifySync } from 'otplib';
import type { UserId } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { onlyRow } from '../../platform/query.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import {
  confirmTotp,
  deleteRecoveryCodes,
  factorsOfUser,
  insertRecoveryCodes,
  putPendingTotp,
  putTotp,
  readTotp,
  takeStep,
  useRecoveryCode,
} from './queries.ts';
import {
  readCode,
  RECOVERY_CODE_BYTES,
  RECOVERY_CODES,
  recoveryCodeOf,
  TOTP_DIGITS,
  TOTP_SECRET_BYTES,
  TOTP_STEP_SECONDS,
  TOTP_TOLERANCE_SECONDS,
} from './rules.ts';
import type { Factors, ProvenBy } from './types.ts';

/** What reading and keeping secrets needs. */
export type FactorKeeping = { readonly sealer: Sealer };

/** How long a new secret waits for its first code. */
const ENROLMENT_MINUTES = 10;

const contextOf = (userId: UserId): string => `identity.totp_factors/${userId}`;

/** Which second factors somebody has. */
export const factorsOf = async (tx: RealmTx, userId: UserId): Promise<Factors> =>
  onlyRow(await factorsOfUser(tx, { userId }));

/**
 * Whether a typed code proves its owner at this moment, and which kind it was; it is used up by that. A code of an
 * authenticator app counts for its step of 30 seconds and the ones beside it, by the database's clock, and once only, at
 * whatever number of requests at the same time (RFC 6238, 5.2). Failures are for the caller to count.
 */
export async function proveByCode(
  tx: RealmTx,
  { sealer }: FactorKeeping,
  userId: UserId,
  text: string,
): Promise<ProvenBy | undefined> {
  const typed = readCode(text);
  if (typed === undefined) return undefined;
  if (typed.kind === 'recovery_code') {
    const used = await useRecoveryCode(tx, { userId, hash: hashOf(userId, typed.code) });
    return used.length === 1 ? 'recovery_code' : undefined;
  }
  const [row] = await readTotp(tx, { userId });
  if (row?.secret == null) return undefined;
  const step = stepOf(sealer.open(row.secret, contextOf(userId)), typed.code, row.nowSeconds);
  if (step === undefined) return undefined;
  return (await takeStep(tx, { userId, step })).length === 1 ? 'totp' : undefined;
}

/** Puts a new secret beside the one in use; it counts only once a code has proved it. */
export async function beginTotp(
  tx: RealmTx,
  { sealer }: FactorKeeping,
  userId: UserId,
  { issuer, label }: { readonly issuer: string; readonly label: string },
): Promise<{ secret: string; uri: string; validUntil: Date }> {
  const secret = generateSecret({ length: TOTP_SECRET_BYTES });
  const sealed = sealer.seal(secret, contextOf(userId));
  const { pendingUntil } = onlyRow(await putPendingTotp(tx, { userId, secret: sealed, minutes: ENROLMENT_MINUTES }));
  const uri = generateURI({ issuer, label, secret, digits: TOTP_DIGITS, period: TOTP_STEP_SECONDS });
  return { secret, uri, validUntil: pendingUntil };
}

/** Whether a secret waits for its first code. */
export const awaitsTotp = async (tx: RealmTx, userId: UserId): Promise<boolean> =>
  (await readTotp(tx, { userId })).some(({ pendingSecret }) => pendingSecret !== null);

/** Puts the waiting secret in use if the code is its own. */
export async function finishTotp(
  tx: RealmTx,
  { sealer }: FactorKeeping,
  userId: UserId,
  text: string,
): Promise<'confirmed' | 'missing' | 'wrong'> {
  const [row] = await readTotp(tx, { userId });
  if (row?.pendingSecret == null) return 'missing';
  const typed = readCode(text);
  if (typed?.kind !== 'totp') return 'wrong';
  const step = stepOf(sealer.open(row.pendingSecret, contextOf(userId)), typed.code, row.nowSeconds);
  if (step === undefined) return 'wrong';
  const confirmed = await confirmTotp(tx, { userId, step, pendingSecret: row.pendingSecret });
  return confirmed.length === 1 ? 'confirmed' : 'missing';
}

/** Gives somebody an authenticator app by a secret that is known: for demo people, never for others. */
export async function giveTotp(tx: RealmTx, { sealer }: FactorKeeping, userId: UserId, secret: string): Promise<void> {
  await putTotp(tx, { userId, secret: sealer.seal(secret, contextOf(userId)) });
}

/** Makes ten new recovery codes in place of all earlier ones; they are shown this once. */
export async function replaceRecoveryCodes(tx: RealmTx, userId: UserId): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCodeOf(randomBytes(RECOVERY_CODE_BYTES)));
  await deleteRecoveryCodes(tx, { userId });
  const hashes = codes.map((code) => hashOf(userId, code.replaceAll('-', '')));
  await insertRecoveryCodes(tx, { userId, hashes });
  return codes;
}

/** The step whose code this is, the one before or after the instant's included; undefined where it is none. */
function stepOf(secret: string, token: string, nowSeconds: number): number | undefined {
  const result = verifySync({
    secret,
    token,
    digits: TOTP_DIGITS,
    period: TOTP_STEP_SECONDS,
    epoch: Math.floor(nowSeconds),
    epochTolerance: TOTP_TOLERANCE_SECONDS,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

const hashOf = (userId: UserId, code: string): Buffer => createHash('sha256').update(`${userId}/${code}`).digest();
