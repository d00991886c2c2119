import { z } from 'zod';
import { InstantText, operation } from '../../kernel/operation.ts';
import { AuthenticationResponse, Passkey } from '../passkeys/contract.ts';

const CODE_CHARACTERS_MAX = 32;

/** A code as somebody types it: of an authenticator app, or a recovery code. */
export const OneTimeCode = z
  .string()
  .trim()
  .min(6)
  .max(CODE_CHARACTERS_MAX)
  .meta({ description: 'Six digits of an authenticator app, or a recovery code.', examples: ['123456'] });

const recoveryCodes = z
  .array(z.string().max(19))
  .max(10)
  .meta({ description: 'Each works once in place of a code. They are shown this once.' });

const form = { on: 'both', tag: 'Second factors', need: 'signed_in' } as const;

export const listFactors = operation({
  ...form,
  id: 'listFactors',
  method: 'get',
  path: '/api/v1/auth/factors',
  summary: 'Show your second factors',
  query: z.strictObject({}),
  answers: {
    200: z.strictObject({
      totp: z.strictObject({ confirmedAt: InstantText }).nullable(),
      passkeys: z.array(Passkey).max(50),
      recoveryCodesLeft: z.int().min(0),
    }),
  },
  problems: [],
});

export const beginTotp = operation({
  ...form,
  id: 'beginTotp',
  method: 'post',
  path: '/api/v1/auth/factors/totp',
  summary: 'Start an authenticator app, or its replacement',
  description:
    'Show the URI as a QR code. It counts after its first code, which must come within 10 minutes. Whoever has a second factor already must have given it within the last 5 minutes.',
  answers: {
    201: z.strictObject({
      secret: z.string().max(64).meta({ description: 'RFC 4648 base32, for typing.' }),
      uri: z.string().max(1_000).meta({ description: 'otpauth:// for a QR code.' }),
      validUntil: InstantText,
    }),
  },
  problems: ['identity.step_up_needed'],
});

export const confirmTotp = operation({
  ...form,
  id: 'confirmTotp',
  method: 'post',
  path: '/api/v1/auth/factors/totp/confirm',
  summary: 'Put the authenticator app in use by its first code',
  description:
    'The session counts as proven by it. The first second factor comes with recovery codes, shown this once.',
  body: z.strictObject({ code: OneTimeCode }),
  answers: { 200: z.strictObject({ recoveryCodes: recoveryCodes.nullable() }) },
  problems: [
    'identity.step_up_needed',
    'identity.code_wrong',
    'identity.enrolment_missing',
    'identity.sign_in_delayed',
  ],
});

export const removeTotp = operation({
  ...form,
  id: 'removeTotp',
  method: 'delete',
  path: '/api/v1/auth/factors/totp',
  summary: 'Remove the authenticator app',
  needsStepUp: true,
  answers: { 204: null },
  problems: ['identity.factor_unknown', 'identity.factor_last'],
});

export const makeRecoveryCodes = operation({
  ...form,
  id: 'makeRecoveryCodes',
  method: 'post',
  path: '/api/v1/auth/factors/recovery-codes',
  summary: 'Make new recovery codes in place of all earlier ones',
  needsStepUp: true,
  answers: { 201: z.strictObject({ recoveryCodes }) },
  problems: ['identity.factor_unknown'],
});

export const stepUp = operation({
  ...form,
  id: 'stepUp',
  method: 'post',
  path: '/api/v1/auth/step-up',
  summary: 'Prove the session anew by a second factor',
  description:
    'What needs a step up may be done for 5 minutes after it. After five wrong codes further ones have to wait.',
  body: z.union([z.strictObject({ otp: OneTimeCode }), z.strictObject({ passkey: AuthenticationResponse })]),
  answers: { 200: z.strictObject({ provenAt: InstantText }) },
  problems: ['identity.code_wrong', 'identity.passkey_refused', 'identity.sign_in_delayed'],
});
