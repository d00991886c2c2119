import { z } from 'zod';
import { createUser } from '../../src/identity/index.ts';
import type { ClientId, DeskId, IbId, SessionId, UserId } from '../../src/kernel/ids.ts';
import type { SignInDeps } from '../../src/identity/index.ts';
import { openSession } from '../../src/identity/sessions/service.ts';
import { surfaceFor } from '../../src/identity/sign-in/rules.ts';
import type { SignInSurface } from '../../src/identity/tokens/types.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { testOrigin } from './tenancy.ts';

/** What a test says of a person; all else has a default. */
export type PersonWords = {
  /** The tenant's first name, `acme` unless said; null for the installation's own people. */
  readonly tenant?: string | null;
  /** `['admin']` unless said, or `['operator']` on the bare host. */
  readonly roles?: readonly string[];
  readonly clientId?: ClientId;
  readonly ibId?: IbId;
  readonly desks?: readonly DeskId[];
  /** Where the token counts; by the roles unless said. */
  readonly surface?: SignInSurface;
  /** Whether the second factor was given just now; it was, unless said. */
  readonly isProven?: boolean;
  readonly name?: string;
  readonly email?: string;
};

export type Person = {
  readonly id: UserId;
  readonly email: string;
  readonly sessionId: SessionId;
  /** An access token, good for ten minutes. */
  readonly token: string;
  /** For the refresh cookie. */
  readonly refreshToken: string;
};

/** What of a test API making people needs. */
type Place = {
  readonly deps: { readonly identity: { readonly signIn: SignInDeps } };
  readonly tenantOf: (slug: string) => { readonly id: Parameters<SignInDeps['realmOf']>[0]['tenantId'] };
};

const joinDesks = realmQuery(
  'test.join_desks',
  z.object({}),
  `insert into identity.desk_members (desk_id, user_id) select unnest(:deskIds::uuid[]), :userId::uuid`,
);

let made = 0;

/** Makes somebody with these roles who has signed in, without a password and without hashing one. */
export async function makePerson({ deps, tenantOf }: Place, words: PersonWords = {}): Promise<Person> {
  made += 1;
  const { tenant = 'acme', clientId, ibId, desks = [], isProven = true, name = `Person ${made}` } = words;
  const { realmOf, tokens, sessions } = deps.identity.signIn;
  const { roles = tenant === null ? ['operator'] : ['admin'], email = `person-${made}@example.com` } = words;
  const surface = words.surface ?? surfaceFor(roles, undefined);
  if (surface === undefined) throw new Error('somebody without a role has no surface to sign in on');
  const tenantId = tenant === null ? null : tenantOf(tenant).id;
  const { id, session } = await realmOf({ tenantId }).run(testOrigin, async (tx) => {
    const links = { clientId: clientId ?? null, ibId: ibId ?? null };
    const userId = await createUser(tx, { email, name, roles, isVerified: true, ...links });
    if (desks.length > 0) await joinDesks(tx, { userId, deskIds: desks });
    const device = { address: '127.0.0.1', userAgent: 'test' };
    return { id: userId, session: await openSession(tx, sessions, { userId, surface, isProven, device }) };
  });
  const { sessionId, refreshToken } = session;
  const subject = { tenantId, userId: id, sessionId, surface, delegation: null };
  const { accessToken: token } = await tokens.issue(subject);
  return { id, email, sessionId, token, refreshToken };
}
