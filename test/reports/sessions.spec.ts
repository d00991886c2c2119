import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAudit } from '../../src/identity/audit/contract.ts';
import { revokeSession } from '../../src/identity/sessions/contract.ts';
import { suspendUser, updateUser } from '../../src/identity/staff/contract.ts';
import { emit } from '../../src/platform/events/index.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { type EventStream, openEventStream } from '../support/event-stream.ts';
import { makePerson, type Person } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const BITES_WITHIN_MS = 5_000;

describe.concurrent('The open stream of somebody signed in', () => {
  let api: TestApi;
  let owner: Person;
  const open: EventStream[] = [];
  beforeAll(async () => {
    api = await openTestApi();
    owner = await makePerson(api, { roles: ['owner'] });
  });
  afterAll(async () => {
    for (const stream of open) stream.close();
    await api.close();
  });

  const listen = async (token: string): Promise<EventStream> => {
    const stream = await openEventStream({ port: api.port, token });
    if ('status' in stream) throw new Error(`${stream.status} ${stream.text}`);
    open.push(stream);
    await stream.next(({ event }) => event === 'ready');
    return stream;
  };
  const endOf = async (stream: EventStream): Promise<unknown> => {
    const fromMs = performance.now();
    const { data } = await stream.next(({ event }) => event === 'end');
    await stream.closed;
    expect(performance.now() - fromMs).toBeLessThan(BITES_WITHIN_MS);
    return data;
  };

  it('ends within 5 s of the suspension of its person, and others go on and are told of it', async () => {
    const leaver = await makePerson(api, { roles: ['support'] });
    const stream = await listen(leaver.token);
    const others = await listen(owner.token);
    const suspended = await api.call(suspendUser, {
      token: owner.token,
      params: { userId: leaver.id },
      body: { reason: 'has left' },
    });
    expect(suspended.ok()).toMatchObject({ status: 'suspended' });
    expect(await endOf(stream)).toEqual({ reason: 'sign_in' });
    const told = await others.next(({ data }) => (data as { type?: string }).type === 'identity.user_status_changed');
    expect((told.data as { subjectIds: string[] }).subjectIds).toContain(leaver.id);
    const { data } = (
      await api.call(listAudit, { token: owner.token, query: { type: 'identity.user_status_changed' } })
    ).ok();
    expect(data[0]).toMatchObject({
      actor: { kind: 'user', id: owner.id },
      before: 'active',
      after: 'suspended',
      causation: suspended.headers['x-request-id'],
    });
    expect(await openEventStream({ port: api.port, token: leaver.token })).toMatchObject({ status: 401 });
  });

  it('ends within 5 s of the end of its session', async () => {
    const person = await makePerson(api, { roles: ['finance'] });
    const stream = await listen(person.token);
    expect(
      (await api.call(revokeSession, { token: person.token, params: { sessionId: person.sessionId } })).status,
    ).toBeLessThan(300);
    expect(await endOf(stream)).toEqual({ reason: 'sign_in' });
  });

  it('tells within 5 s no more than what a changed role may list', async () => {
    const person = await makePerson(api, { roles: ['auditor'] });
    const stream = await listen(person.token);
    const happens = (type: string) =>
      api.withTenant(api.tenantOf('acme').id, testOrigin, async (tx) =>
        emit(tx, { stream: 'test', type, schemaVersion: 1, payload: {} }),
      );
    const countOf = (type: string): number =>
      stream.events.filter(({ data }) => (data as { type?: string }).type === type).length;
    await happens('audit.exported');
    await stream.until(() => countOf('audit.exported') === 1);
    const changed = await api.call(updateUser, {
      token: owner.token,
      params: { userId: person.id },
      body: { roles: ['support'] },
    });
    changed.ok();
    const fromMs = performance.now();
    for (let round = 1; countOf('audit.exported') >= round; round += 1) {
      await happens('audit.exported');
      await happens('commissions.plan_created');
      await stream.until(() => countOf('commissions.plan_created') === round);
    }
    expect(performance.now() - fromMs).toBeLessThan(BITES_WITHIN_MS);
  });
});
