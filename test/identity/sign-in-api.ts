import { expect } from 'vitest';
import { register, verifyEmail } from '../../src/identity/registration/contract.ts';
import { refresh } from '../../src/identity/sessions/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { type Answered, openTestApi } from '../support/api.ts';

export const PASSWORD = 'orange bicycle under the bridge';
export const OTHER = 'a green boat upon the river';

export type SignInApi = Awaited<ReturnType<typeof openSignInApi>>;

/** The API at two tenants with its mails and its log in lists, and no limit on attempts per address. */
export async function openSignInApi() {
  const mails: Mail[] = [];
  const lines: string[] = [];
  const log = createLogger({ level: 'trace', role: 'test' }, { write: (line: string) => void lines.push(line) });
  const api = await openTestApi({
    tenants: ['acme', 'zenith'],
    environment: { CASCADE_SIGN_INS_PER_MINUTE: '100000', CASCADE_ADDRESS_REFUSALS_PER_MINUTE: '100000' },
    dependencies: { sendMail: async (_tx, mail) => void mails.push(mail), log },
  });
  let count = 0;
  const newcomer = () => {
    count += 1;
    const email = `newcomer-${count}@example.com`;
    return { email, password: PASSWORD, firstName: 'Kim', lastName: 'Lee', country: 'CY' };
  };
  /** The token of the last mail of a kind. */
  const tokenOf = (template: Mail['template']): string => {
    const mail = mails.findLast((each) => each.template === template);
    if (mail === undefined || !('token' in mail.data)) throw new Error(`no ${template} with a token was sent`);
    expect(mail.data.link.endsWith(`#token=${mail.data.token}`)).toBe(true);
    return mail.data.token;
  };
  /** Somebody who has registered, verified and signed in. */
  const client = async () => {
    const body = newcomer();
    expect((await api.call(register, { body })).status).toBe(202);
    expect((await api.call(verifyEmail, { body: { token: tokenOf('verify_email') } })).status).toBe(204);
    const answer = await api.call(login, { body: { email: body.email, password: PASSWORD } });
    return { ...body, token: answer.ok().accessToken, cookie: cookieOf(answer) };
  };
  const go = (cookie: string, more: Record<string, string> = {}) => api.call(refresh, { headers: { cookie, ...more } });
  return { ...api, mails, lines, newcomer, tokenOf, client, go };
}

/** The refresh cookie of an answer, which has all that protects it. */
export function cookieOf({ headers }: Pick<Answered<typeof login>, 'headers'>): string {
  const line = [headers['set-cookie'] ?? []].flat().join('\n');
  expect(line).toMatch(/^cascade_refresh=[\w-]{43}; Max-Age=\d+; Path=\/api\/v1\/auth; HttpOnly; SameSite=Strict$/);
  return line.split(';')[0] ?? '';
}
