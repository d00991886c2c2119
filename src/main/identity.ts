import { countClients, kycStateOf } from '../clients/index.ts';
import {
  authenticateBy,
  codeTries,
  desksOf,
  type FactorDeps,
  type Limit,
  makeAuthenticateKey,
  makeCallerByGrant,
  makePolicy,
  makeSignIn,
  openTokens,
  type Policy,
  rolesOf,
  type SignInDeps,
  signInDefaults,
} from '../identity/index.ts';
import type { Guard } from '../platform/access.ts';
import type { Logger } from '../platform/logger.ts';
import type { SendMail } from '../platform/mail.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import type { QuotaBook, Tenancy } from '../tenancy/index.ts';
import { openClient } from './sign-up.ts';

/** Who people and programs are and what they may do, as the routes and the guard of a process need it. */
export type Identity = {
  readonly signIn: SignInDeps;
  readonly factors: FactorDeps;
  readonly policy: Policy;
  readonly guard: Guard;
};

/** What it stands on. */
export type IdentityOptions = {
  readonly tenancy: Pick<Tenancy, 'withTenant' | 'withControl' | 'tenantOfId'>;
  readonly config: Pick<CompleteConfig, 'secret' | 'baseHost'>;
  readonly sendMail: SendMail;
  readonly limit: Limit;
  readonly quotas: Pick<QuotaBook, 'hasRoom'>;
  readonly settings?: typeof signInDefaults;
  readonly log: Logger;
};

/** How an authenticator app and a passkey name the installation itself. */
const INSTALLATION = 'Cascade';

/** Puts identity together with what it must know of features above it. */
export function openIdentity(options: IdentityOptions): Identity {
  const { tenancy, config, sendMail, limit, quotas, settings = signInDefaults, log } = options;
  const { withTenant, withControl } = tenancy;
  const policy = makePolicy({ withTenant, withControl, rowsOfTenant: rolesOf });
  const callerByGrant = makeCallerByGrant({ withTenant, withControl, policy, desksOf, kycStateOf });
  const signIn = makeSignIn({
    withTenant,
    withControl,
    sendMail,
    hasRoom: (tx) => quotas.hasRoom(tx.tenantId, 'clients', () => countClients(tx)),
    openClient,
    kycStateOf,
    desksOf,
    limit,
    callerByGrant,
    settings,
    secret: config.secret,
    tokens: openTokens({ withControl, secret: config.secret, baseHost: config.baseHost, log, settings }),
    rightsOf: policy.rightsOf,
  });
  return {
    signIn,
    factors: {
      realmOf: signIn.realmOf,
      sealer: signIn.factors.sealer,
      sendMail,
      issuerOf: async (tenantId) => (tenantId === null ? INSTALLATION : (await tenancy.tenantOfId(tenantId)).name),
      tries: codeTries(signIn),
      forget: (tenantId, sessionIds) => signIn.callers.forget(tenantId, sessionIds),
    },
    policy,
    guard: { authenticate: authenticateBy(signIn, makeAuthenticateKey({ withTenant })), authorize: policy.authorize },
  };
}
