import { z } from 'zod';
import { PasskeyId } from '../../kernel/ids.ts';
import { InstantText, operation } from '../../kernel/operation.ts';

const base64url = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^[\w-]+$/, 'is not base64url');

const CREDENTIAL_ID_CHARACTERS_MAX = 1_364; // 1 023 bytes (WebAuthn Level 3, 5.1).
const credentialId = base64url(CREDENTIAL_ID_CHARACTERS_MAX);
const transports = z.array(z.string().regex(/^[a-z-]{1,20}$/)).max(10);
const common = {
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish(),
  clientExtensionResults: z.looseObject({}),
};

/** What a browser gives back when it made a passkey (WebAuthn Level 3, RegistrationResponseJSON). */
export const RegistrationResponse = z
  .strictObject({
    ...common,
    response: z.strictObject({
      clientDataJSON: base64url(4_096),
      attestationObject: base64url(16_384),
      authenticatorData: base64url(8_192).optional(),
      transports: transports.optional(),
      publicKey: base64url(4_096).nullish(),
      publicKeyAlgorithm: z.int().min(-65_536).max(65_536).optional(),
    }),
  })
  .meta({
    id: 'PasskeyRegistrationResponse',
    description: 'What navigator.credentials.create() gave, by its toJSON().',
  });

/** What a browser gives back when a passkey signed (WebAuthn Level 3, AuthenticationResponseJSON). */
export const AuthenticationResponse = z
  .strictObject({
    ...common,
    response: z.strictObject({
      clientDataJSON: base64url(4_096),
      authenticatorData: base64url(4_096),
      signature: base64url(2_048),
      userHandle: base64url(100).nullish(),
    }),
  })
  .meta({
    id: 'PasskeyAuthenticationResponse',
    description: 'What navigator.credentials.get() gave, by its toJSON().',
  });

const descriptor = z.strictObject({
  id: z.string().max(CREDENTIAL_ID_CHARACTERS_MAX),
  type: z.literal('public-key'),
  transports,
});

const CreationOptions = z
  .strictObject({
    challenge: z.string().max(100),
    rp: z.strictObject({ id: z.string().max(253), name: z.string().max(200) }),
    user: z.strictObject({ id: z.string().max(100), name: z.string().max(254), displayName: z.string().max(200) }),
    pubKeyCredParams: z.array(z.strictObject({ type: z.literal('public-key'), alg: z.int() })).max(10),
    timeout: z.int(),
    excludeCredentials: z.array(descriptor).max(50),
    authenticatorSelection: z.strictObject({
      residentKey: z.literal('required'),
      requireResidentKey: z.literal(true),
      userVerification: z.literal('required'),
    }),
    attestation: z.literal('none'),
  })
  .meta({
    id: 'PasskeyCreationOptions',
    description: 'For PublicKeyCredential.parseCreationOptionsFromJSON(); good for 5 minutes and one answer.',
  });

const RequestOptions = z
  .strictObject({
    challenge: z.string().max(100),
    rpId: z.string().max(253),
    timeout: z.int(),
    allowCredentials: z.array(descriptor).max(50),
    userVerification: z.literal('required'),
  })
  .meta({
    id: 'PasskeyRequestOptions',
    description: 'For PublicKeyCredential.parseRequestOptionsFromJSON(); good for 5 minutes and one answer.',
  });

const name = z.string().trim().min(1).max(60);

export const Passkey = z
  .strictObject({
    id: PasskeyId,
    name: z.string().max(60),
    host: z.string().max(253),
    createdAt: InstantText,
    usedAt: InstantText.nullable(),
  })
  .meta({ id: 'Passkey', description: 'A passkey of a person. It works on the host for which it was made.' });

const form = { on: 'both', tag: 'Second factors' } as const;

export const beginPasskey = operation({
  ...form,
  id: 'beginPasskey',
  method: 'post',
  path: '/api/v1/auth/passkeys/options',
  summary: 'Ask what a new passkey has to sign',
  description: 'Whoever has a second factor already must have given it within the last 5 minutes.',
  need: 'signed_in',
  answers: { 200: CreationOptions },
  problems: ['identity.step_up_needed', 'identity.passkeys_too_many'],
});

export const addPasskey = operation({
  ...form,
  id: 'addPasskey',
  method: 'post',
  path: '/api/v1/auth/passkeys',
  summary: 'Add a passkey',
  description:
    'The session counts as proven by it. The first second factor comes with recovery codes, shown this once.',
  need: 'signed_in',
  body: z.strictObject({ name, response: RegistrationResponse }),
  bodyBytesMax: 64 * 1024,
  answers: {
    201: z.strictObject({ passkey: Passkey, recoveryCodes: z.array(z.string().max(19)).max(10).nullable() }),
  },
  problems: [
    'identity.step_up_needed',
    'identity.passkey_refused',
    'identity.passkey_exists',
    'identity.passkeys_too_many',
  ],
});

const params = z.strictObject({ passkeyId: PasskeyId });

export const renamePasskey = operation({
  ...form,
  id: 'renamePasskey',
  method: 'patch',
  path: '/api/v1/auth/passkeys/{passkeyId}',
  summary: 'Rename a passkey',
  need: 'signed_in',
  params,
  body: z.strictObject({ name }),
  answers: { 200: Passkey },
  problems: ['identity.factor_unknown'],
});

export const removePasskey = operation({
  ...form,
  id: 'removePasskey',
  method: 'delete',
  path: '/api/v1/auth/passkeys/{passkeyId}',
  summary: 'Remove a passkey',
  need: 'signed_in',
  needsStepUp: true,
  params,
  answers: { 204: null },
  problems: ['identity.factor_unknown', 'identity.factor_last'],
});

export const beginPasskeyStepUp = operation({
  ...form,
  id: 'beginPasskeyStepUp',
  method: 'post',
  path: '/api/v1/auth/step-up/options',
  summary: 'Ask what a passkey has to sign to prove the session anew',
  need: 'signed_in',
  answers: { 200: RequestOptions },
  problems: ['identity.factor_unknown'],
});

export const beginPasskeyLogin = operation({
  ...form,
  id: 'beginPasskeyLogin',
  method: 'post',
  path: '/api/v1/auth/passkeys/login-options',
  summary: 'Ask what a passkey has to sign to sign in',
  need: 'public',
  answers: { 200: RequestOptions },
  problems: [],
});
