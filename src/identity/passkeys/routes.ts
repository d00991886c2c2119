import { type Route, route } from '../../platform/route.ts';
import { factorsProblem } from '../factors/errors.ts';
import type { FactorDeps } from '../factors/port.ts';
import { oneselfOf } from '../factors/routes.ts';
import * as contract from './contract.ts';
import { passkeysProblem } from './errors.ts';
import { renamePasskey } from './queries.ts';
import { shownPasskey } from './rules.ts';
import { creationOptions, dropPasskey, registerPasskey, requestOptions } from './service.ts';

/** The routes over one's own passkeys. */
export const passkeysRoutes = (deps: FactorDeps): Route[] => [
  route(contract.beginPasskey, async (request) => {
    const issuer = await deps.issuerOf(request.tenantId);
    const oneself = oneselfOf(request);
    const json = await deps.realmOf(request).run(request.origin, (tx) => creationOptions(tx, oneself, issuer));
    return { status: 200, json };
  }),
  route(contract.addPasskey, async (request) => {
    const oneself = oneselfOf(request);
    const realm = deps.realmOf(request);
    const added = await realm.run(request.origin, (tx) => registerPasskey(deps, tx, oneself, request.body));
    if (added === 'exists') throw passkeysProblem('identity.passkey_exists');
    if ('refused' in added) throw passkeysProblem('identity.passkey_refused', { cause: added.cause });
    deps.forget(request.tenantId, [oneself.sessionId]);
    return {
      status: 201,
      json: { passkey: shownPasskey(added.passkey), recoveryCodes: added.recoveryCodes },
    };
  }),
  route(contract.renamePasskey, async (request) => {
    const { userId } = oneselfOf(request);
    const { passkeyId } = request.params;
    const realm = deps.realmOf(request);
    const [renamed] = await realm.run(request.origin, (tx) =>
      renamePasskey(tx, { passkeyId, userId, name: request.body.name }),
    );
    if (renamed === undefined) throw factorsProblem('identity.factor_unknown');
    return { status: 200, json: shownPasskey(renamed) };
  }),
  route(contract.removePasskey, async (request) => {
    const oneself = oneselfOf(request);
    const realm = deps.realmOf(request);
    await realm.run(request.origin, (tx) => dropPasskey(deps, tx, oneself, request.params.passkeyId));
    return { status: 204 };
  }),
  route(contract.beginPasskeyStepUp, async (request) => {
    const { userId, site } = oneselfOf(request);
    const json = await deps.realmOf(request).run(request.origin, (tx) => requestOptions(tx, site, { userId }));
    return { status: 200, json };
  }),
  route(contract.beginPasskeyLogin, async (request) => {
    const { host, isSecure } = request;
    const realm = deps.realmOf(request);
    const json = await realm.run(request.origin, (tx) => requestOptions(tx, { host, isSecure }, null));
    return { status: 200, json };
  }),
];
