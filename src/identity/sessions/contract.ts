import { z } from 'zod';
import { SessionId } from '../../kernel/ids.ts';
import { InstantText, operation } from '../../kernel/operation.ts';
import { AccessTokenAnswer, SurfaceIn, text } from '../sign-in/contract.ts';

const form = { on: 'both', tag: 'Signing in' } as const;

export const refresh = operation({
  ...form,
  id: 'refresh',
  method: 'post',
  path: '/api/v1/auth/refresh',
  summary: 'Get a new access token by the refresh cookie',
  description:
    'A refresh token is good once; the answer sets its successor. One that was used before ends the session, but for the second of two tabs within 10 seconds.',
  need: 'public',
  readsCookie: true,
  query: z.strictObject({ surface: SurfaceIn.optional() }),
  answers: { 200: AccessTokenAnswer },
  problems: ['identity.refresh_invalid', 'identity.surface_refused'],
});

export const logout = operation({
  ...form,
  id: 'logout',
  method: 'post',
  path: '/api/v1/auth/logout',
  summary: 'Sign out: end the session of the refresh cookie',
  need: 'public',
  readsCookie: true,
  answers: { 204: null },
  problems: [],
});

const Session = z
  .strictObject({
    id: SessionId,
    surface: SurfaceIn,
    createdAt: InstantText,
    lastUsedAt: InstantText,
    expiresAt: InstantText,
    provenAt: InstantText.nullable().meta({ description: 'When a second factor was last given.' }),
    address: text(64),
    userAgent: text(300),
    isCurrent: z.boolean(),
  })
  .meta({ id: 'Session', description: 'A sign-in that still lasts.' });

export const listSessions = operation({
  ...form,
  id: 'listSessions',
  method: 'get',
  path: '/api/v1/auth/sessions',
  summary: 'List your sessions, the newest first',
  need: 'signed_in',
  query: z.strictObject({}),
  answers: { 200: z.strictObject({ data: z.array(Session).max(50), nextCursor: z.null() }) },
  problems: [],
});

export const revokeSession = operation({
  ...form,
  id: 'revokeSession',
  method: 'post',
  path: '/api/v1/auth/sessions/{sessionId}/revoke',
  summary: 'End one of your sessions',
  need: 'signed_in',
  params: z.strictObject({ sessionId: SessionId }),
  answers: { 204: null },
  problems: ['identity.session_unknown'],
});

export const revokeOtherSessions = operation({
  ...form,
  id: 'revokeOtherSessions',
  method: 'post',
  path: '/api/v1/auth/sessions/revoke-others',
  summary: 'End all of your sessions but this one',
  need: 'signed_in',
  answers: { 200: z.strictObject({ ended: z.int() }) },
  problems: [],
});
