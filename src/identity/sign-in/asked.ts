import { SessionId, UserId } from '../../kernel/ids.ts';
import type { OperationForm } from '../../kernel/operation.ts';
import type { RouteRequest } from '../../platform/route.ts';
import { identityProblem } from '../errors.ts';
import type { Asked } from './service.ts';

const USER_AGENT_CHARACTERS_MAX = 300;

type Asking = Pick<RouteRequest, 'origin' | 'remoteAddress' | 'host' | 'isSecure' | 'headers'>;

/** Whence a request came and where its pages are. */
export const askedBy = ({ origin, remoteAddress, host, isSecure, headers }: Asking): Asked => ({
  origin,
  device: {
    address: remoteAddress,
    userAgent: (headers['user-agent'] ?? 'unknown').slice(0, USER_AGENT_CHARACTERS_MAX),
  },
  site: `${isSecure ? 'https' : 'http'}://${host}`,
});

/** The person behind a call on what is his own; `identity.sign_in_required` for programs and borrowed eyes. */
export function personOf({ access }: Pick<RouteRequest<OperationForm & { readonly need: 'signed_in' }>, 'access'>) {
  const { id, sessionId, impersonator } = access.caller;
  if (sessionId === null || impersonator !== null) throw identityProblem('identity.sign_in_required');
  return { userId: UserId.parse(id), sessionId: SessionId.parse(sessionId) };
}
