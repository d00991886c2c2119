import { z } from 'zod';
import { EmailText } from '../../kernel/contact.ts';
import { ClientId, IbId, SessionId } from '../../kernel/ids.ts';
import { InstantText, operation } from '../../kernel/operation.ts';
import { OneTimeCode } from '../factors/contract.ts';
import { AuthenticationResponse } from '../passkeys/contract.ts';
import { signInSurfaces } from '../tokens/types.ts';
import { signInOutcomes } from './types.ts';

/** As it is typed; only new ones must keep to the rules. */
export const PasswordIn = z
  .string()
  .min(1)
  .max(512)
  .meta({ description: 'New ones: 12 to 128 characters of any kind.', examples: ['orange bicycle under the bridge'] });
export const SurfaceIn = z.enum(signInSurfaces).meta({
  id: 'SignInSurface',
  description: 'Back office, client area, partner area; on the bare host the operator console.',
});

export const text = (charactersMax: number) => z.string().max(charactersMax);

export const AccessTokenAnswer = z
  .strictObject({
    accessToken: text(2_048).meta({ description: 'For `Authorization: Bearer`.' }),
    expiresIn: z.int().meta({ description: 'Seconds.', examples: [600] }),
    surface: SurfaceIn,
    secondFactor: z.enum(['proven', 'to_set_up', 'none']).meta({
      description: '`to_set_up`: staff may do nothing else before they have set one up.',
    }),
  })
  .meta({ id: 'AccessToken', description: 'What a sign-in gives. The refresh token is in an HttpOnly cookie.' });

const form = { on: 'both', tag: 'Signing in' } as const;

export const login = operation({
  ...form,
  id: 'login',
  method: 'post',
  path: '/api/v1/auth/login',
  summary: 'Sign in',
  description:
    'By password, with a code of the second factor where there is one, or by a passkey, which is both. Whatever is wrong, the answer is the same; after five attempts that failed on one account further ones have to wait.',
  need: 'public',
  body: z.union([
    z.strictObject({
      email: EmailText,
      password: PasswordIn,
      otp: OneTimeCode.optional(),
      surface: SurfaceIn.optional(),
    }),
    z.strictObject({ passkey: AuthenticationResponse, surface: SurfaceIn.optional() }),
  ]),
  answers: { 200: AccessTokenAnswer },
  problems: [
    'identity.credentials_wrong',
    'identity.second_factor_needed',
    'identity.email_unverified',
    'identity.not_active',
    'identity.surface_refused',
    'identity.sign_in_delayed',
    'identity.passkey_refused',
    'identity.hashing_busy',
  ],
});

const Me = z
  .strictObject({
    id: text(64),
    kind: z.enum(['user', 'operator', 'platform', 'api_key']),
    email: text(254).nullable(),
    name: text(300).nullable(),
    surface: z.enum([...signInSurfaces, 'api']),
    roles: z.array(text(64)).max(100),
    rights: z
      .array(z.strictObject({ resource: text(64), actions: z.array(text(64)).max(100) }))
      .max(200)
      .meta({ description: 'What would not be refused at this moment, by the table of rights.' }),
    clientId: ClientId.nullable(),
    ibId: IbId.nullable(),
    kycState: text(64).nullable(),
    sessionId: SessionId.nullable(),
    secondFactor: z.strictObject({
      state: z.enum(['proven', 'to_set_up', 'none']),
      provenAt: InstantText.nullable(),
      totp: z.boolean(),
      passkeys: z.int(),
      recoveryCodesLeft: z.int(),
    }),
    impersonation: z
      .strictObject({ by: text(64), byName: text(300).nullable() })
      .nullable()
      .meta({ description: 'Whose eyes look here, for the banner; such a session only reads.' }),
  })
  .meta({ id: 'Me', description: 'Who is signed in, and what he may do.' });

export const me = operation({
  ...form,
  id: 'me',
  method: 'get',
  path: '/api/v1/auth/me',
  summary: 'Show who is signed in',
  need: 'signed_in',
  query: z.strictObject({}),
  answers: { 200: Me },
  problems: [],
});

const Device = z
  .strictObject({
    userAgent: text(300),
    firstSeenAt: InstantText,
    lastSeenAt: InstantText,
    lastAddress: text(64),
  })
  .meta({ id: 'Device', description: 'A device from which somebody has signed in.' });

export const listDevices = operation({
  ...form,
  id: 'listDevices',
  method: 'get',
  path: '/api/v1/auth/devices',
  summary: 'List the devices from which you have signed in, the last used first',
  need: 'signed_in',
  query: z.strictObject({}),
  answers: { 200: z.strictObject({ data: z.array(Device).max(100), nextCursor: z.null() }) },
  problems: [],
});

const SignInEntry = z
  .strictObject({
    at: InstantText,
    outcome: z.enum(signInOutcomes),
    surface: SurfaceIn.nullable(),
    address: text(64),
    userAgent: text(300),
  })
  .meta({ id: 'SignInEntry', description: 'An attempt to sign in, and how it ended.' });

export const listSignIns = operation({
  ...form,
  id: 'listSignIns',
  method: 'get',
  path: '/api/v1/auth/sign-ins',
  summary: 'List the last attempts to sign in as you, the newest first',
  need: 'signed_in',
  query: z.strictObject({}),
  answers: { 200: z.strictObject({ data: z.array(SignInEntry).max(100), nextCursor: z.null() }) },
  problems: [],
});
