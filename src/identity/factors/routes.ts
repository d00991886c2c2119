import { UserId } from '../../kernel/ids.ts';
import type { OperationForm } from '../../kernel/operation.ts';
import { type Route, type RouteRequest, route } from '../../platform/route.ts';
import { identityProblem } from '../errors.ts';
import { passkeysProblem } from '../passkeys/errors.ts';
import { passkeysOfUser } from '../passkeys/queries.ts';
import { shownPasskey } from '../passkeys/rules.ts';
import { proveByPasskey } from '../passkeys/store.ts';
import * as contract from './contract.ts';
import { factorsProblem } from './errors.ts';
import type { FactorDeps } from './port.ts';
import { totpSince } from './queries.ts';
import { confirmEnrolment, enrolTotp, proveSession, removeTotp, renewRecoveryCodes, tellOfChange } from './service.ts';
import { factorsOf, proveByCode } from './store.ts';
import type { Oneself } from './types.ts';

type Asking = Pick<RouteRequest<OperationForm & { readonly need: 'signed_in' }>, 'access' | 'host' | 'isSecure'>;

/** Who asks, about himself; only people with a session have factors. */
export function oneselfOf({ access, host, isSecure }: Asking): Oneself {
  const { id, sessionId } = access.caller;
  if (sessionId === null) throw identityProblem('identity.sign_in_required');
  return { userId: UserId.parse(id), sessionId, site: { host, isSecure } };
}

/** The routes over one's own second factors. */
export const factorsRoutes = (deps: FactorDeps): Route[] => [listRoute(deps), ...totpRoutes(deps), stepUpRoute(deps)];

const listRoute = ({ realmOf }: FactorDeps): Route =>
  route(contract.listFactors, async (request) => {
    const { userId } = oneselfOf(request);
    return realmOf(request).run(request.origin, async (tx) => {
      const { recoveryCodesLeft } = await factorsOf(tx, userId);
      const [totp] = await totpSince(tx, { userId });
      const passkeys = await passkeysOfUser(tx, { userId });
      const since = totp?.confirmedAt ?? null;
      return {
        status: 200,
        json: {
          totp: since === null ? null : { confirmedAt: since.toISOString() },
          passkeys: passkeys.map(shownPasskey),
          recoveryCodesLeft,
        },
      };
    });
  });

const totpRoutes = (deps: FactorDeps): Route[] => [
  route(contract.beginTotp, async (request) => {
    const oneself = oneselfOf(request);
    const issuer = await deps.issuerOf(request.tenantId);
    const begun = await deps.realmOf(request).run(request.origin, (tx) => enrolTotp(deps, tx, oneself, issuer));
    return { status: 201, json: { ...begun, validUntil: begun.validUntil.toISOString() } };
  }),
  route(contract.confirmTotp, async (request) => {
    const oneself = oneselfOf(request);
    const realm = deps.realmOf(request);
    const outcome = await realm.run(request.origin, (tx) => confirmEnrolment(deps, tx, oneself, request.body.code));
    if (outcome === 'missing') throw factorsProblem('identity.enrolment_missing');
    if (outcome === 'wrong') throw factorsProblem('identity.code_wrong');
    deps.forget(request.tenantId, [oneself.sessionId]);
    return { status: 200, json: outcome };
  }),
  route(contract.removeTotp, async (request) => {
    await deps.realmOf(request).run(request.origin, (tx) => removeTotp(deps, tx, oneselfOf(request)));
    return { status: 204 };
  }),
  route(contract.makeRecoveryCodes, async (request) => {
    const realm = deps.realmOf(request);
    const recoveryCodes = await realm.run(request.origin, (tx) => renewRecoveryCodes(deps, tx, oneselfOf(request)));
    return { status: 201, json: { recoveryCodes } };
  }),
];

const stepUpRoute = (deps: FactorDeps): Route =>
  route(contract.stepUp, async (request) => {
    const oneself = oneselfOf(request);
    const { body } = request;
    const { provenAt, cause } = await deps.realmOf(request).run(request.origin, async (tx) => {
      await deps.tries.count(tx, oneself.userId);
      const proof = await proofOf(deps, tx, oneself, body);
      if (proof.isProven) {
        await deps.tries.right(tx, oneself.userId);
        return { provenAt: await proveSession(tx, oneself), cause: undefined };
      }
      return { provenAt: undefined, cause: proof.cause };
    });
    if (provenAt === undefined)
      throw 'otp' in body
        ? factorsProblem('identity.code_wrong')
        : passkeysProblem('identity.passkey_refused', { cause });
    deps.forget(request.tenantId, [oneself.sessionId]);
    return { status: 200, json: { provenAt: provenAt.toISOString() } };
  });

type StepUpBody = RouteRequest<typeof contract.stepUp>['body'];

async function proofOf(
  deps: FactorDeps,
  tx: Parameters<typeof proveByCode>[0],
  oneself: Oneself,
  body: StepUpBody,
): Promise<{ readonly isProven: boolean; readonly cause?: unknown }> {
  if ('passkey' in body) {
    const proof = await proveByPasskey(tx, oneself.site, body.passkey, oneself.userId);
    return 'refused' in proof ? { isProven: false, cause: proof.cause } : { isProven: true };
  }
  const by = await proveByCode(tx, deps, oneself.userId, body.otp);
  if (by === 'recovery_code') await tellOfChange(tx, deps, oneself, 'recovery_code_used');
  return { isProven: by !== undefined };
}
