import { z } from 'zod';
import { EmailText } from '../../kernel/contact.ts';
import { operation } from '../../kernel/operation.ts';
import { OneTimeToken } from '../registration/contract.ts';
import { PasswordIn } from '../sign-in/contract.ts';

const form = { on: 'both', tag: 'Signing in', method: 'post' } as const;

export const forgotPassword = operation({
  ...form,
  id: 'forgotPassword',
  path: '/api/v1/auth/password/forgot',
  summary: 'Have a mail sent by which the password can be set anew',
  description: 'The answer is the same whether the address is known or not. The token is good for 15 minutes, once.',
  need: 'public',
  body: z.strictObject({ email: EmailText }),
  answers: { 202: z.strictObject({ accepted: z.literal(true) }) },
  problems: [],
});

export const resetPassword = operation({
  ...form,
  id: 'resetPassword',
  path: '/api/v1/auth/password/reset',
  summary: 'Set a new password by the token of the mail',
  description: 'Ends every session of the person. A second factor stays what it is.',
  need: 'public',
  body: z.strictObject({ token: OneTimeToken, password: PasswordIn }),
  answers: { 204: null },
  problems: ['identity.one_time_token_invalid', 'identity.password_weak', 'identity.hashing_busy'],
});

export const changePassword = operation({
  ...form,
  id: 'changePassword',
  path: '/api/v1/auth/password/change',
  summary: 'Change your password',
  description: 'Ends all of your other sessions. Wrong guesses count as failed sign-ins do.',
  need: 'signed_in',
  body: z.strictObject({ currentPassword: PasswordIn, password: PasswordIn }),
  answers: { 204: null },
  problems: ['identity.password_wrong', 'identity.password_weak', 'identity.sign_in_delayed', 'identity.hashing_busy'],
});
