import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { acceptInvitation } from '../../src/identity/staff/contract.ts';
import { beginTotp, confirmTotp } from '../../src/identity/factors/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { cascadeHere } from '../support/cascade.ts';

const PASSWORD = 'orange bicycle under the bridge';
const Invited = z.object({ email: z.string(), role: z.string(), link: z.string(), token: z.string() });

describe('The first people', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(() => api.close());

  const run = (...args: string[]) =>
    cascadeHere(args, {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_INSTALLATION: api.tenancy.creation.installation,
      CASCADE_SECRET: api.config.secret,
      CASCADE_OPERATOR_TOKEN: api.config.operatorToken,
    });

  it('of a tenant and of the installation come by the command line: it prints the link and the token', async () => {
    const about = ['--email', 'first@example.com', '--name', 'Robin First', '--json'];
    const owner = await run('users', 'invite', '--tenant', 'acme', '--role', 'owner', ...about);
    expect(owner).toMatchObject({ code: 0, err: '' });
    const invited = Invited.parse(JSON.parse(owner.out));
    expect(invited.link).toBe(`http://acme.localhost:3000/admin/invitation#token=${invited.token}`);
    const body = { token: invited.token, password: PASSWORD };
    expect((await api.call(acceptInvitation, { body })).status).toBe(204);
    const signedIn = await api.call(login, { body: { email: 'first@example.com', password: PASSWORD } });
    expect(signedIn.ok()).toMatchObject({ surface: 'admin', secondFactor: 'to_set_up' });
    const again = await run('users', 'invite', '--tenant', 'acme', '--role', 'owner', ...about);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('identity.user_exists') as string });
    const operator = Invited.parse(JSON.parse((await run('operators', 'invite', ...about)).out));
    const answer = await api.call(acceptInvitation, { tenant: null, body: { ...body, token: operator.token } });
    expect(answer.status).toBe(204);
  });

  it('come in again by the command line when they lost their second factor, the last owner too', async () => {
    const body = { email: 'first@example.com', password: PASSWORD };
    const { accessToken: token } = (await api.call(login, { body })).ok();
    const { secret } = (await api.call(beginTotp, { token })).ok();
    await api.call(confirmTotp, { token, body: { code: generateSync({ secret }) } });
    expect((await api.call(login, { body })).code).toBe('identity.second_factor_needed');
    const done = await run('users', 'reset-factors', '--tenant', 'acme', '--email', 'First@example.com');
    expect(done).toMatchObject({ code: 0, err: '' });
    expect((await api.call(login, { body })).ok()).toMatchObject({ secondFactor: 'to_set_up' });
    const nobody = await run('operators', 'reset-factors', '--email', 'nobody@example.com');
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('cli.user_unknown') as string });
  });

  it('cannot be given a role that there is not', async () => {
    const about = ['--email', 'second@example.com', '--name', 'Robin Second'];
    const wrong = await run('users', 'invite', '--tenant', 'acme', '--role', 'emperor', ...about);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('identity.role_not_given') as string });
  });
});
