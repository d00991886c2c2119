import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as operators from '../../src/identity/operators/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import * as staff from '../../src/identity/staff/contract.ts';
import { UserId } from '../../src/kernel/ids.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { query } from '../../src/platform/query.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PASSWORD = 'orange bicycle under the bridge';
const owners = query(
  'test.owners',
  z.object({ userId: UserId }),
  `select r.user_id as "userId" from identity.user_roles r join identity.users u on u.id = r.user_id
    where r.role = 'owner' and u.status = 'active'`,
);

describe('Somebody who can decide over everything', () => {
  let api: TestApi;
  const mails: Mail[] = [];
  beforeAll(async () => {
    api = await openTestApi({ dependencies: { sendMail: async (_tx, mail) => void mails.push(mail) } });
  });
  afterAll(() => api.close());

  const tokenOf = (email: string): string => {
    const mail = mails.findLast(({ to }) => to.address === email);
    if (mail?.template !== 'invitation') throw new Error('no invitation was sent');
    return mail.data.token;
  };

  it('is left at a tenant: its last active owner stays one, also when all of them are changed at the same time', async () => {
    const all = [];
    for (let each = 0; each < 6; each += 1) all.push(await makePerson(api, { roles: ['owner'] }));
    const [first] = all;
    if (first === undefined) throw new Error('there is no owner');
    await Promise.all(
      all.map(({ id: userId, token }, place) =>
        place % 2 === 0
          ? api.call(staff.updateUser, { token, params: { userId }, body: { roles: ['admin'] } })
          : api.call(staff.suspendUser, { token, params: { userId }, body: { reason: 'leaving' } }),
      ),
    );
    const tenantId = api.tenantOf('acme').id;
    const left = await api.withTenant(tenantId, testOrigin, (tx) => owners(tx, {}));
    expect(left).toHaveLength(1);
    const last = all.find(({ id }) => id === left[0]?.userId);
    const params = { userId: last?.id ?? first.id };
    const token = last?.token ?? '';
    const demotion = { token, params, body: { roles: ['admin'] } };
    expect((await api.call(staff.updateUser, demotion)).code).toBe('identity.owner_last');
    const leaving = { token, params, body: { reason: 'leaving' } };
    expect((await api.call(staff.suspendUser, leaving)).code).toBe('identity.owner_last');
  });

  it('is left at the installation, whose operators come by invitation too', async () => {
    const first = await makePerson(api, { tenant: null });
    const body = { email: 'robin@example.com', name: 'Robin' };
    const bare = { tenant: null, token: first.token };
    expect((await api.call(operators.inviteOperator, { ...bare, body })).ok()).toMatchObject({ roles: ['operator'] });
    const waiting = (await api.call(operators.listOperatorInvitations, bare)).ok();
    expect(waiting.data.map(({ email }) => email)).toEqual([body.email]);
    const accepted = await api.call(staff.acceptInvitation, {
      tenant: null,
      body: { token: tokenOf(body.email), password: PASSWORD },
    });
    expect(accepted.status).toBe(204);
    const signIn = await api.call(login, { tenant: null, body: { email: body.email, password: PASSWORD } });
    expect(signIn.ok()).toMatchObject({ surface: 'ops', secondFactor: 'to_set_up' });
    const { data } = (await api.call(operators.listOperators, bare)).ok();
    const other = data.find(({ email }) => email === body.email);
    const decision = { reason: 'to see' };
    const second = { userId: other?.id ?? first.id };
    expect((await api.call(operators.suspendOperator, { ...bare, params: second, body: decision })).status).toBe(200);
    const own = { ...bare, params: { userId: first.id }, body: decision };
    expect((await api.call(operators.suspendOperator, own)).code).toBe('identity.owner_last');
    expect((await api.call(operators.resumeOperator, { ...bare, params: second, body: decision })).status).toBe(200);
  });
});
