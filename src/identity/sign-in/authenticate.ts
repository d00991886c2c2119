import type { Guard } from '../../platform/access.ts';
import { identityProblem } from '../errors.ts';
import type { AuthenticateKey } from '../port.ts';
import type { Callers } from '../sessions/callers.ts';
import type { Tokens } from '../tokens/service.ts';

/** How keys of programs begin. */
const KEY_START = 'csk_';

type Authenticating = {
  readonly tokens: Pick<Tokens, 'verify'>;
  readonly callers: Pick<Callers, 'of'>;
  readonly authenticateKey: AuthenticateKey;
};

/**
 * Gives who finds the caller behind an `Authorization` header: `identity.sign_in_required` where there is none, else
 * `identity.token_invalid`, one and the same for whatever is wrong: form, signature, time, tenant, a session that has
 * ended, a person who was suspended.
 */
export const makeAuthenticate =
  ({ tokens, callers, authenticateKey }: Authenticating): Guard['authenticate'] =>
  async (authorization, host) => {
    if (authorization === undefined) throw identityProblem('identity.sign_in_required');
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token === undefined) throw identityProblem('identity.token_invalid');
    if (token.startsWith(KEY_START)) return authenticateKey(token, host);
    const claims = await tokens.verify(token);
    if (claims.tenantId !== host.tenantId) throw identityProblem('identity.token_invalid');
    const caller = await callers.of(claims);
    if (caller === undefined) throw identityProblem('identity.token_invalid');
    return caller;
  };
