import { z } from 'zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../../src/platform/query.ts';
import type { TenantResponse } from '../../src/platform/tenant-client.ts';
import { breach } from '../support/breach.ts';
import { testOrigin } from '../support/tenancy.ts';
import { type Guarded, openGuarded } from './guarded.ts';

const dropConnection = query(
  'test.drop',
  z.object({ gone: z.boolean() }),
  'select pg_terminate_backend(pg_backend_pid()) as gone',
);
const kept = query('test.kept', z.object({ key: z.string() }), 'select key from platform.idempotency order by key');

describe('A request with an Idempotency-Key', () => {
  let http: Guarded;
  beforeAll(async () => {
    http = await openGuarded();
  });
  afterEach(() => {
    http.steps.before = async () => undefined;
    http.steps.after = async () => undefined;
  });
  afterAll(() => http.close());

  const pay = (
    key: string | undefined,
    amount: string,
    { as = 'maria', place = 'here' } = {},
  ): Promise<TenantResponse> =>
    http.post(
      `/api/v1/payments/${place}`,
      { amount },
      { as, headers: key === undefined ? {} : { 'idempotency-key': key } },
    );
  const code = (answer: TenantResponse) => [answer.status, z.object({ code: z.string() }).parse(answer.json()).code];

  it('is refused without a key, and with one that is none', async () => {
    expect(code(await pay(undefined, '1'))).toEqual([400, 'http.idempotency_key_required']);
    for (const bad of ['', 'x'.repeat(256), 'with space'])
      expect(code(await pay(bad, '1'))).toEqual([400, 'http.idempotency_key_required']);
    expect(await http.payments()).toBe(0);
  });

  it('sent 50 times at once has one effect and equal answers, 409 only while the first is at work', async () => {
    const before = await http.payments();
    const answers = await Promise.all(Array.from({ length: 50 }, () => pay('fifty', '12.50')));
    const [busy, done] = [
      answers.filter(({ status }) => status === 409),
      answers.filter(({ status }) => status === 201),
    ];
    expect(busy.length + done.length).toBe(50);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map((each) => each.text()))).toEqual(new Set(['{"sum":"12.50"}']));
    expect(done.filter((each) => each.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    for (const each of busy) expect(code(each)[1]).toBe('http.idempotency_in_flight');
    const later = await pay('fifty', '12.50');
    expect([later.status, later.text(), later.headers['idempotent-replayed']]).toEqual([
      201,
      '{"sum":"12.50"}',
      'true',
    ]);
    expect(later.headers['content-type']).toMatch(/^application\/json/);
    expect(await http.payments()).toBe(before + 1);
  });

  it('never waits for the first: while it is at work the second is told so at once', async () => {
    const [entered, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    http.steps.before = () => {
      entered.resolve();
      return gate.promise;
    };
    const first = pay('slow', '5');
    await entered.promise;
    const second = await pay('slow', '5');
    expect([code(second)[1], second.headers['retry-after']]).toEqual(['http.idempotency_in_flight', '1']);
    gate.resolve();
    expect((await first).status).toBe(201);
  });

  it('with another body, at another address or for another act is refused, and the first answer stays', async () => {
    expect((await pay('once', '7')).status).toBe(201);
    expect(code(await pay('once', '8'))).toEqual([422, 'http.idempotency_key_reused']);
    expect(code(await pay('once', '7', { place: 'there' }))).toEqual([422, 'http.idempotency_key_reused']);
    expect((await pay('once', '7')).text()).toBe('{"sum":"7"}');
  });

  it('belongs to its caller: an equal key of somebody else is another key', async () => {
    const before = await http.payments();
    expect((await pay('shared', '3', { as: 'maria' })).headers['idempotent-replayed']).toBeUndefined();
    expect((await pay('shared', '4', { as: 'omar' })).headers['idempotent-replayed']).toBeUndefined();
    expect(await http.payments()).toBe(before + 2);
  });

  it('that fails leaves nothing and may be sent again; so does one whose connection is cut', async () => {
    const before = await http.payments();
    http.steps.after = async () => {
      throw new Error('the handler failed after it wrote');
    };
    expect((await pay('crash', '9')).status).toBe(500);
    http.steps.after = async (tx) => void (await dropConnection(tx, {}));
    expect((await pay('crash', '9')).status).toBe(503);
    http.steps.after = async () => undefined;
    expect(await http.payments()).toBe(before);
    expect((await pay('crash', '9')).headers['idempotent-replayed']).toBeUndefined();
    expect((await pay('crash', '9')).headers['idempotent-replayed']).toBe('true');
    expect(await http.payments()).toBe(before + 1);
  });

  it('is kept for 7 days by the database’s clock, then swept', async () => {
    expect((await pay('old', '1')).status).toBe(201);
    await breach(http, `update platform.idempotency set created_at = now() - interval '7 days 1 second'`);
    const before = await http.payments();
    expect((await pay('old', '2')).text()).toBe('{"sum":"2"}');
    expect(await http.payments()).toBe(before + 1);
    const keys = await http.tenancy.withTenant(http.tenant.id, testOrigin, (tx) => kept(tx, {}));
    expect(keys).toEqual([{ key: 'old' }]);
  });
});
