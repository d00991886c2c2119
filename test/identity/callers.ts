import { SessionId, UserId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import type { Access, Caller } from '../../src/platform/access.ts';
import { reachesEverything } from '../../src/platform/access.ts';

export const newUserId = (): UserId => UserId.parse(idFromUuid('usr', newUuid(Date.now())));

/** Somebody of the back office, just now with a second factor; the rest as given. */
export const callerOf = (given: Partial<Caller> = {}): Caller => ({
  kind: 'user',
  id: newUserId(),
  surface: 'admin',
  roles: ['admin'],
  sessionId: SessionId.parse(idFromUuid('ses', newUuid(Date.now()))),
  clientId: null,
  ibId: null,
  deskIds: [],
  kycState: null,
  provenAt: new Date(),
  impersonator: null,
  scopes: null,
  ...given,
});

/** What such a caller has who may do all. */
export const accessOf = (caller: Caller): Access => ({
  caller,
  reach: reachesEverything,
  masked: new Set(),
  origin: { actor: caller.id, causation: 'test' },
});
