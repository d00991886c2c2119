import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listIbs } from '../../src/ib/contract.ts';
import { me } from '../../src/identity/sign-in/contract.ts';
import { changePassword } from '../../src/identity/passwords/contract.ts';
import { createTenantClient } from '../../src/platform/tenant-client.ts';
import { createApiClient } from '../../web/src/api/client.ts';
import { ApiProblem, Unreachable } from '../../web/src/api/problem.ts';
import { type TestApi, openTestApi } from '../support/api.ts';
import { breach } from '../support/breach.ts';
import { makePerson, type Person } from '../support/people.ts';

describe('The client of the web', () => {
  let api: TestApi;
  const client = createTenantClient();
  const asked: string[] = [];
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(async () => {
    await client.close();
    await api.close();
  });

  /** What a browser adds: the name of the host, and the cookie, which no script sees. */
  const browser =
    (cookie: { value: string }): typeof fetch =>
    async (input, init) => {
      const url = input as string;
      asked.push(`${init?.method} ${new URL(url).pathname}`);
      const answer = await client.send({
        url,
        method: init?.method as 'GET',
        headers: {
          ...(init?.headers as Record<string, string>),
          ...(cookie.value === '' ? {} : { cookie: cookie.value }),
        },
        ...(init?.body === undefined || init.body === null ? {} : { body: init.body as string }),
        ...(init?.signal ? { signal: init.signal } : {}),
      });
      const [set] = [answer.headers['set-cookie'] ?? []].flat();
      if (set !== undefined) cookie.value = set.split(';')[0] ?? '';
      const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      );
      return new Response(answer.status === 204 ? null : answer.text(), { status: answer.status, headers });
    };

  const open = (person: Person | undefined) => {
    const cookie = { value: person === undefined ? '' : `cascade_refresh=${person.refreshToken}` };
    const ended: string[] = [];
    const web = createApiClient({
      baseUrl: `http://acme.localhost:${api.port}`,
      fetch: browser(cookie),
      onSignedOut: () => ended.push('signed out'),
    });
    asked.splice(0);
    return { web, cookie, ended };
  };

  it('finds the session of its browser again, and asks what its contract says', async () => {
    const person = await makePerson(api, { roles: ['admin'] });
    const { web } = open(person);
    expect(await web.resume()).toBe(true);
    const { email, roles } = await web.call(me, {});
    expect([email, roles]).toEqual([person.email, ['admin']]);
    const { data, nextCursor } = await web.call(listIbs, { query: { limit: '5' } });
    expect([data, nextCursor]).toEqual([[], null]);
  });

  it('renews a token that is no good once, for all who wait, and asks again', async () => {
    const { web } = open(await makePerson(api));
    const answers = await Promise.all([web.call(me, {}), web.call(me, {}), web.call(listIbs, {})]);
    expect(answers).toHaveLength(3);
    expect(asked.filter((each) => each === 'POST /api/v1/auth/refresh')).toHaveLength(1);
    expect(asked).toHaveLength(7);
  });

  it('gives up after one renewal that fails, and says that the session has ended where there was one', async () => {
    const { web, cookie, ended: told } = open(await makePerson(api));
    expect(await web.resume()).toBe(true);
    const ended = `update identity.sessions set ended_at = now(), ended_because = 'revoked' where ended_at is null`;
    await breach({ tenancy: api.tenancy, tenant: api.tenantOf('acme') }, ended);
    cookie.value = 'cascade_refresh=nothing';
    await expect
      .poll(
        () =>
          web.call(me, {}).then(
            () => 'in',
            () => 'out',
          ),
        { timeout: 5_000 },
      )
      .toBe('out');
    expect([web.isSignedIn(), told]).toEqual([false, ['signed out']]);
    await expect(open(undefined).web.call(me, {})).rejects.toMatchObject({
      code: 'identity.sign_in_required',
      status: 401,
    });
  });

  it('tells what went wrong by its code, field by field', async () => {
    const { web } = open(await makePerson(api));
    await web.resume();
    const refused = await web
      .call(changePassword, { body: { currentPassword: '', password: 'short' } })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiProblem);
    expect(refused).toMatchObject({ status: 422, requestId: expect.stringMatching(/^req_/) as unknown });
    const wrong = await web
      .signIn({ email: 'nobody@example.com', password: 'wrong password' })
      .catch((error: unknown) => error);
    expect(wrong).toMatchObject({ status: 401, code: 'identity.credentials_wrong', faults: [] });
    expect(asked.filter((each) => each.endsWith('/refresh'))).toHaveLength(1);
  });

  it('stops when it is told to, and says where there is no answer at all', async () => {
    const { web } = open(await makePerson(api));
    const gone = new AbortController();
    const asking = web.call(me, { signal: gone.signal });
    gone.abort(new Error('the page was left'));
    await expect(asking).rejects.toThrow('the page was left');
    const nowhere = createApiClient({ baseUrl: 'http://127.0.0.1:1' });
    await expect(nowhere.call(me, {})).rejects.toBeInstanceOf(Unreachable);
  });
});
