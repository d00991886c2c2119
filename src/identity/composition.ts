import type { UserId } from '../kernel/ids.ts';
import type { Guard } from '../platform/access.ts';
import { deriveKey, makeSealer } from '../platform/crypto.ts';
import type { Logger } from '../platform/logger.ts';
import type { SendMail } from '../platform/mail.ts';
import type { Route } from '../platform/route.ts';
import type { WithControl, WithTenant } from '../platform/tenant-tx.ts';
import type { SignInDeps } from './deps.ts';
import { identityProblem } from './errors.ts';
import type { CodeTries } from './factors/port.ts';
import { Hasher, hashingDefaults, type HashingSettings } from './passwords/hashing.ts';
import { passwordsRoutes } from './passwords/routes.ts';
import type {
  AuthenticateKey,
  CallerByGrant,
  DesksOf,
  HasRoom,
  KycStateOf,
  Limit,
  OpenClient,
  RightsOf,
} from './port.ts';
import { makeRealmOf } from './realm.ts';
import { registrationRoutes } from './registration/routes.ts';
import { Callers } from './sessions/callers.ts';
import { sessionsRoutes } from './sessions/routes.ts';
import { sessionDefaults } from './sessions/service.ts';
import type { SessionSettings } from './sessions/types.ts';
import { countAttempt, delayDefaults, forgetFailures } from './sign-in/attempts.ts';
import { makeAuthenticate } from './sign-in/authenticate.ts';
import { signInRoutes } from './sign-in/routes.ts';
import type { SignInSettings } from './sign-in/types.ts';
import { KeyRing, keyRingDefaults, type KeyRingSettings } from './tokens/key-ring.ts';
import { makeTokens, type Tokens } from './tokens/service.ts';

/** What signing in does by default. Tests take cheaper hashes and shorter times. */
export const signInDefaults = {
  hashing: hashingDefaults,
  keys: keyRingDefaults,
  sessions: sessionDefaults,
  signIn: { delays: delayDefaults, verifyMinutes: 24 * 60, resetMinutes: 15, answerMsMin: 250 },
  /** How long what is known of a caller is used. */
  callersKeptMs: 2_000,
} satisfies AllSettings;

type AllSettings = {
  readonly hashing: HashingSettings;
  readonly keys: KeyRingSettings;
  readonly sessions: SessionSettings;
  readonly signIn: SignInSettings;
  readonly callersKeptMs: number;
};

/** What access tokens stand on: the installation's secret and the control database. */
export type TokensOptions = {
  readonly withControl: WithControl;
  readonly secret: string;
  readonly baseHost: string;
  readonly log: Logger;
  readonly settings?: Pick<AllSettings, 'keys'>;
};

/** The sealer of the signing keys. */
export const signingKeySealer = (secret: string) => makeSealer(secret, 'identity.signing_keys');

/** Makes what issues and verifies access tokens, with its keys. */
export function openTokens({ withControl, secret, baseHost, log, settings = signInDefaults }: TokensOptions): Tokens {
  const keys = new KeyRing({ withControl, sealer: signingKeySealer(secret), settings: settings.keys, log });
  return makeTokens({ keys, issuer: `cascade:${baseHost}` });
}

/** What signing in needs of the rest of the program. */
export type SignInOptions = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  readonly secret: string;
  readonly tokens: Tokens;
  readonly sendMail: SendMail;
  readonly hasRoom: HasRoom;
  readonly openClient: OpenClient;
  readonly kycStateOf: KycStateOf;
  readonly desksOf: DesksOf;
  readonly rightsOf: RightsOf;
  readonly limit: Limit;
  readonly callerByGrant: CallerByGrant;
  readonly settings?: AllSettings;
};

/** Puts together what signing in is made of. It costs one hash: that of a password that nobody has. */
export function makeSignIn(options: SignInOptions): SignInDeps {
  const { secret, tokens, sendMail, hasRoom, openClient, rightsOf, limit, settings = signInDefaults } = options;
  const realmOf = makeRealmOf(options);
  const { desksOf, kycStateOf, callerByGrant } = options;
  return {
    realmOf,
    tokens,
    callers: new Callers({ realmOf, desksOf, kycStateOf, callerByGrant, keptMs: settings.callersKeptMs }),
    hasher: new Hasher(settings.hashing),
    sessions: { key: deriveKey(secret, 'identity.refresh_tokens'), settings: settings.sessions },
    factors: { sealer: makeSealer(secret, 'identity.factors') },
    sendMail,
    hasRoom,
    openClient,
    rightsOf,
    limit,
    settings: settings.signIn,
  };
}

/** No key is known where programs have none. */
const noKeys: AuthenticateKey = () => Promise.reject(identityProblem('identity.token_invalid'));

/** Who finds the caller behind a call. */
export const authenticateBy = (
  { tokens, callers }: Pick<SignInDeps, 'tokens' | 'callers'>,
  authenticateKey: AuthenticateKey = noKeys,
): Guard['authenticate'] => makeAuthenticate({ tokens, callers, authenticateKey });

/**
 * Counts codes that somebody tries when he is signed in, apart from the passwords that are tried on his address: those any
 * stranger can try, who could else keep people who are at work from what needs a step up.
 */
export const codeTries = ({ settings }: Pick<SignInDeps, 'settings'>): CodeTries => ({
  count: async (tx, userId) => void (await countAttempt(tx, codesOf(userId), settings.delays)),
  right: async (tx, userId) => void (await forgetFailures(tx, codesOf(userId))),
});

/** No address: there is no @ in it. */
const codesOf = (userId: UserId): string => `codes of ${userId}`;

/** Every route of signing in, signing up, sessions and passwords. */
export const authRoutes = (deps: SignInDeps): Route[] => [
  ...registrationRoutes(deps),
  ...signInRoutes(deps),
  ...sessionsRoutes(deps),
  ...passwordsRoutes(deps),
];
