import { z } from 'zod';
import { CountryCode, EmailText, NameOfPerson, PhoneText } from '../../kernel/contact.ts';
import { operation } from '../../kernel/operation.ts';
import { PasswordIn } from '../sign-in/contract.ts';

/** A token as the mail has it. */
export const OneTimeToken = z
  .string()
  .regex(/^[\w-]{43}$/, 'is no token of a mail')
  .meta({ description: 'Out of the mail; it is good once.' });

const form = { tag: 'Signing in', method: 'post', need: 'public' } as const;
const accepted = z
  .strictObject({ accepted: z.literal(true) })
  .meta({ id: 'Accepted', description: 'The answer is the same whether the address is known or not.' });

export const register = operation({
  ...form,
  on: 'tenant',
  id: 'register',
  path: '/api/v1/auth/register',
  summary: 'Sign up as a client',
  description:
    'A mail with a token proves the address; until then nobody can sign in. If the address is known, the mail says so; the answer is the same.',
  body: z.strictObject({
    email: EmailText,
    password: PasswordIn,
    firstName: NameOfPerson,
    lastName: NameOfPerson,
    country: CountryCode,
    phone: PhoneText.optional(),
    referralCode: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'is no referral code')
      .optional(),
  }),
  answers: { 202: accepted },
  problems: ['identity.password_weak', 'identity.hashing_busy', 'identity.sign_up_closed'],
});

export const verifyEmail = operation({
  ...form,
  on: 'both',
  id: 'verifyEmail',
  path: '/api/v1/auth/verify-email',
  summary: 'Prove an address by the token of the mail',
  body: z.strictObject({ token: OneTimeToken }),
  answers: { 204: null },
  problems: ['identity.one_time_token_invalid'],
});

export const resendVerification = operation({
  ...form,
  on: 'both',
  id: 'resendVerification',
  path: '/api/v1/auth/verify-email/resend',
  summary: 'Have the mail that proves the address sent again',
  body: z.strictObject({ email: EmailText }),
  answers: { 202: accepted },
  problems: [],
});
