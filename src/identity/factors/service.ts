import type { UserId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import type { FactorChange } from '../../platform/mail.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import { originOf } from '../passkeys/rules.ts';
import type { Site } from '../passkeys/types.ts';
import { policyProblem } from '../policy/errors.ts';
import { isStaffRole } from '../roles/rules.ts';
import { markProven } from '../sessions/service.ts';
import { findUser, userStream } from '../users/service.ts';
import type { User } from '../users/types.ts';
import { factorsProblem } from './errors.ts';
import type { FactorDeps } from './port.ts';
import { deletePasskeysOfUser, deleteRecoveryCodes, deleteTotp, isProvenLately, lockFactors } from './queries.ts';
import { awaitsTotp, beginTotp, factorsOf, finishTotp, replaceRecoveryCodes } from './store.ts';
import { hasFactor, type Oneself } from './types.ts';

type Telling = Pick<FactorDeps, 'sendMail'>;

/** Which event each change is; payloads hold no secret and no name of a device. */
const eventOf: Readonly<Record<FactorChange, string>> = {
  totp_added: 'identity.totp_added',
  totp_removed: 'identity.totp_removed',
  passkey_added: 'identity.passkey_added',
  passkey_removed: 'identity.passkey_removed',
  recovery_codes_made: 'identity.recovery_codes_made',
  recovery_code_used: 'identity.recovery_code_used',
  reset: 'identity.factors_reset',
};

/** Records a change of somebody's factors, and tells him by mail: he should know if it was not him. */
export async function tellOfChange(
  tx: RealmTx,
  { sendMail }: Telling,
  who: { readonly userId: UserId; readonly site: Site },
  change: FactorChange,
  payload: { readonly passkeyId?: string } = {},
): Promise<void> {
  const { email, name } = await existing(tx, who.userId);
  emit(tx, { stream: userStream(who.userId), type: eventOf[change], schemaVersion: 1, payload });
  const data = { link: `${originOf(who.site)}/`, change, at: new Date() };
  await sendMail(tx, { template: 'factor_changed', to: { address: email, name }, data });
}

/** `identity.step_up_needed` unless nothing has to be proved yet, or it was within the last 5 minutes. */
export async function requireProofToAdd(tx: RealmTx, { userId, sessionId }: Oneself): Promise<void> {
  if (!hasFactor(await factorsOf(tx, userId))) return;
  const [session] = await isProvenLately(tx, { sessionId, userId });
  if (session?.lately !== true) throw policyProblem('identity.step_up_needed');
}

/** A new factor proves the session. Whoever had none gets recovery codes with it. */
export async function afterAdding(tx: RealmTx, oneself: Oneself): Promise<string[] | null> {
  await proveSession(tx, oneself);
  const { recoveryCodesLeft } = await factorsOf(tx, oneself.userId);
  return recoveryCodesLeft > 0 ? null : replaceRecoveryCodes(tx, oneself.userId);
}

/** The session is proven from now on; `identity.token_invalid` where it has ended meanwhile. */
export async function proveSession(tx: RealmTx, { sessionId }: Oneself): Promise<Date> {
  const provenAt = await markProven(tx, sessionId);
  if (provenAt === undefined) throw identityProblem('identity.token_invalid');
  return provenAt;
}

/** Starts an authenticator app, or its replacement: the former one counts until the new one is confirmed. */
export async function enrolTotp(deps: FactorDeps, tx: RealmTx, oneself: Oneself, issuer: string) {
  await lockFactors(tx, { user: oneself.userId });
  await requireProofToAdd(tx, oneself);
  const { email } = await existing(tx, oneself.userId);
  return beginTotp(tx, deps, oneself.userId, { issuer, label: email });
}

/** Puts the authenticator app in use by its first code. What is wrong is said afterwards, so that the try is counted. */
export async function confirmEnrolment(
  deps: FactorDeps,
  tx: RealmTx,
  oneself: Oneself,
  code: string,
): Promise<'missing' | 'wrong' | { readonly recoveryCodes: string[] | null }> {
  await lockFactors(tx, { user: oneself.userId });
  await requireProofToAdd(tx, oneself);
  if (!(await awaitsTotp(tx, oneself.userId))) return 'missing'; // No try: it must not wipe out those that were wrong.
  await deps.tries.count(tx, oneself.userId);
  const outcome = await finishTotp(tx, deps, oneself.userId, code);
  if (outcome !== 'confirmed') return outcome;
  await deps.tries.right(tx, oneself.userId);
  const recoveryCodes = await afterAdding(tx, oneself);
  await tellOfChange(tx, deps, oneself, 'totp_added');
  return { recoveryCodes };
}

/** Removes the authenticator app; `identity.factor_last` where staff would have none left. */
export async function removeTotp(deps: Telling, tx: RealmTx, oneself: Oneself): Promise<void> {
  await lockFactors(tx, { user: oneself.userId });
  const { totp, passkeys } = await factorsOf(tx, oneself.userId);
  if (!totp) throw factorsProblem('identity.factor_unknown');
  await refuseLast(tx, oneself.userId, { left: passkeys });
  await deleteTotp(tx, { userId: oneself.userId });
  if (passkeys === 0) await deleteRecoveryCodes(tx, { userId: oneself.userId });
  await tellOfChange(tx, deps, oneself, 'totp_removed');
}

/** Makes new recovery codes; all earlier ones are void. */
export async function renewRecoveryCodes(deps: Telling, tx: RealmTx, oneself: Oneself): Promise<string[]> {
  await lockFactors(tx, { user: oneself.userId });
  if (!hasFactor(await factorsOf(tx, oneself.userId))) throw factorsProblem('identity.factor_unknown');
  const codes = await replaceRecoveryCodes(tx, oneself.userId);
  await tellOfChange(tx, deps, oneself, 'recovery_codes_made');
  return codes;
}

/** Takes all of somebody's factors away, who lost them: at the next sign-in he sets up new ones. */
export async function resetFactorsOf(
  deps: Telling,
  tx: RealmTx,
  who: { readonly userId: UserId; readonly site: Site },
): Promise<void> {
  await lockFactors(tx, { user: who.userId });
  await deleteTotp(tx, { userId: who.userId });
  await deletePasskeysOfUser(tx, { userId: who.userId });
  await deleteRecoveryCodes(tx, { userId: who.userId });
  await tellOfChange(tx, deps, who, 'reset');
}

/** `identity.factor_last` where somebody of the staff would be left with nothing. */
export async function refuseLast(tx: RealmTx, userId: UserId, { left }: { readonly left: number }): Promise<void> {
  if (left > 0) return;
  const { roles } = await existing(tx, userId);
  if (roles.some(isStaffRole)) throw factorsProblem('identity.factor_last');
}

async function existing(tx: RealmTx, userId: UserId): Promise<User> {
  const user = await findUser(tx, userId);
  if (user === undefined) throw identityProblem('identity.user_unknown');
  return user;
}
