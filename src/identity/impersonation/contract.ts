import { z } from 'zod';
import { ReasonText } from '../../kernel/contact.ts';
import { ImpersonationId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation } from '../../kernel/operation.ts';

const surface = z.enum(['portal', 'partner']);
const common = { on: 'tenant', tag: 'Users' } as const;

export const startImpersonation = operation({
  ...common,
  id: 'startImpersonation',
  method: 'post',
  path: '/api/v1/users/{userId}/impersonate',
  summary: 'Look through the eyes of a client or IB, reading only, for 15 minutes',
  description:
    'The token is good on the surface of that person. Every answer to it carries the header `Cascade-Impersonated-By`, fields that can be masked are masked, and it dies with the session and the right of whoever asked for it.',
  need: { action: 'impersonate', resource: 'users' },
  needsStepUp: true,
  params: z.strictObject({ userId: UserId }),
  body: z.strictObject({
    reason: ReasonText,
    surface: surface
      .optional()
      .meta({ description: 'Where the person is client and IB; the client area unless given' }),
  }),
  answers: {
    201: z
      .strictObject({
        impersonationId: ImpersonationId,
        userId: UserId,
        surface,
        accessToken: z.string().max(2_048),
        expiresIn: z.int().meta({ description: 'Seconds' }),
        endsAt: InstantText,
      })
      .meta({ id: 'Impersonation', description: 'A token by which one sees what another sees.' }),
  },
  problems: ['identity.user_unknown', 'identity.impersonation_refused'],
});

export const endImpersonation = operation({
  ...common,
  id: 'endImpersonation',
  method: 'post',
  path: '/api/v1/auth/impersonation/end',
  summary: 'Stop looking through the eyes of another',
  need: 'signed_in',
  answers: { 204: null },
  problems: ['identity.impersonation_none'],
});
