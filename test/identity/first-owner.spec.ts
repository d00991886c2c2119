import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inviteOwner } from '../../src/identity/operators/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import { acceptInvitation } from '../../src/identity/staff/contract.ts';
import { TenantId, idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { realmQuery } from '../../src/platform/query.ts';
import type { RealmTx } from '../../src/platform/tenant-tx.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { makePerson, type Person } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const PASSWORD = 'orange bicycle under the bridge';
const events = realmQuery(
  'test.events_of_invitations',
  z.object({ type: z.string(), actor: z.string() }),
  `select type, actor from platform.events where stream like 'invitation/%' or stream like 'owner-invitations/%' order by seq`,
);
const provenLongAgo = realmQuery(
  'test.proven_long_ago',
  z.object({}),
  `update identity.sessions set proven_at = proven_at - interval '6 minutes' where id = :sessionId`,
);

describe('The first owner of a tenant', () => {
  let api: TestApi;
  let operator: Person;
  const mails: Mail[] = [];
  beforeAll(async () => {
    api = await openTestApi({
      tenants: ['acme', 'zenith', 'borealis'],
      dependencies: { sendMail: async (_tx, mail) => void mails.push(mail) },
    });
    operator = await makePerson(api, { tenant: null });
  });
  afterAll(() => api.close());

  const inviteAt = (tenantId: TenantId, email: string, { token }: Pick<Person, 'token'> = operator) =>
    api.call(inviteOwner, { token, params: { tenantId }, body: { email, name: 'Robin Roe' } });
  const mailTo = (email: string) => {
    const mail = mails.findLast(({ to }) => to.address === email);
    if (mail?.template !== 'invitation') throw new Error('no invitation was sent');
    return mail.data;
  };
  const accept = async (email: string) =>
    api.call(acceptInvitation, { body: { token: mailTo(email).token, password: PASSWORD } });
  const told = (tx: RealmTx) => events(tx, {});

  it('is invited by an operator, by a link to the tenant’s own host, and both chains know it', async () => {
    const { id } = api.tenantOf('acme');
    const answer = await inviteAt(id, 'wrong@example.com');
    expect(answer.status).toBe(201);
    const actor = `platform ${operator.id}`;
    expect(answer.ok()).toMatchObject({ email: 'wrong@example.com', roles: ['owner'], invitedBy: actor });
    expect((await inviteAt(id, 'robin@example.com')).status).toBe(201);
    expect((await inviteAt(id, 'robin@example.com')).status).toBe(201);
    expect((await accept('wrong@example.com')).code).toBe('identity.one_time_token_invalid');
    expect(mailTo('robin@example.com').link).toMatch(new RegExp(`^http://acme[.]localhost:${api.port}/admin/`));
    expect((await accept('robin@example.com')).status).toBe(204);
    const signedIn = await api.call(login, { body: { email: 'robin@example.com', password: PASSWORD } });
    expect(signedIn.ok()).toMatchObject({ surface: 'admin' });
    const here = await api.withTenant(id, testOrigin, told);
    expect(here.filter(({ type }) => type === 'identity.invited')).toEqual(
      [1, 2, 3].map(() => ({ type: 'identity.invited', actor })),
    );
    const there = await api.withControl(told, testOrigin);
    expect(there.map(({ type, actor: by }) => [type, by])).toEqual(
      [1, 2, 3].map(() => ['identity.owner_invitation_asked', operator.id]),
    );
  });

  it('is the only one whom an operator lets in: who has an owner is left to him', async () => {
    const { id } = api.tenantOf('zenith');
    await makePerson(api, { tenant: 'zenith', roles: ['owner'] });
    const before = mails.length;
    expect((await inviteAt(id, 'second@example.com')).code).toBe('identity.owner_exists');
    expect(mails).toHaveLength(before);
  });

  it('does not come by an invitation of an operator that was sent before somebody else became owner', async () => {
    const { id } = api.tenantOf('borealis');
    expect((await inviteAt(id, 'late@example.com')).status).toBe(201);
    await makePerson(api, { tenant: 'borealis', roles: ['owner'] });
    const late = await api.call(acceptInvitation, {
      tenant: 'borealis',
      body: { token: mailTo('late@example.com').token, password: PASSWORD },
    });
    expect(late.code).toBe('identity.one_time_token_invalid');
  });

  it('is invited with a second factor given just now, at a tenant that there is', async () => {
    const late = await makePerson(api, { tenant: null });
    await api.withControl((tx) => provenLongAgo(tx, { sessionId: late.sessionId }), testOrigin);
    const { id } = api.tenantOf('acme');
    expect((await inviteAt(id, 'one@example.com', late)).code).toBe('identity.step_up_needed');
    const nowhere = TenantId.parse(idFromUuid('tnt', newUuid(Date.now())));
    expect((await inviteAt(nowhere, 'one@example.com')).code).toBe('tenancy.tenant_unknown');
  });
});
