import type { SendMail } from '../platform/mail.ts';
import type { FactorKeeping } from './factors/store.ts';
import type { Hasher } from './passwords/hashing.ts';
import type { HasRoom, Limit, OpenClient, RightsOf } from './port.ts';
import type { RealmOf } from './realm.ts';
import type { Callers } from './sessions/callers.ts';
import type { SessionDeps } from './sessions/service.ts';
import type { SignInSettings } from './sign-in/types.ts';
import type { Tokens } from './tokens/service.ts';

/** What signing in is made of; `makeSignIn` puts it together. */
export type SignInDeps = {
  readonly realmOf: RealmOf;
  readonly tokens: Tokens;
  readonly callers: Callers;
  readonly hasher: Hasher;
  readonly sessions: SessionDeps;
  readonly factors: FactorKeeping;
  readonly sendMail: SendMail;
  readonly hasRoom: HasRoom;
  readonly openClient: OpenClient;
  readonly rightsOf: RightsOf;
  readonly limit: Limit;
  readonly settings: SignInSettings;
};
