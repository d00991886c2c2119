import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantResponse } from '../../src/platform/tenant-client.ts';
import { type Guarded, openGuarded } from './guarded.ts';

const Refusal = z.object({
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

describe('A request is read strictly', () => {
  let http: Guarded;
  beforeAll(async () => {
    http = await openGuarded();
  });
  afterAll(() => http.close());

  const save = (body: unknown, headers: Record<string, string> = {}) => http.post('/api/v1/notes', body, { headers });
  const refused = async (asked: Promise<TenantResponse>) => {
    const answer = await asked;
    const { code, errors } = Refusal.parse(answer.json());
    return [answer.status, code, ...(errors ?? []).map(({ path }) => path)];
  };

  it('so that what is as described arrives as it was sent', async () => {
    const body = { text: 'Ä 😀 \\u0041', tags: ['a'], inner: { __proto_: 1, list: [1.5, true, null] }, weight: 1e2 };
    expect((await save(body)).json()).toEqual({ ...body, weight: 100 });
    expect((await save(body, { 'content-type': 'application/json; charset="UTF-8"' })).status).toBe(200);
  });

  it('in its media type: JSON, UTF-8, unpacked', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'application/json; charset=latin1',
      '',
    ])
      expect(await refused(save({ text: 'x' }, { 'content-type': type }))).toEqual([415, 'http.body_unsupported']);
    expect(await refused(save({ text: 'x' }, { 'content-encoding': 'gzip' }))).toEqual([415, 'http.body_unsupported']);
    expect(await refused(save(Buffer.from([0x7b, 0xff, 0x7d])))).toEqual([400, 'http.body_malformed']);
  });

  it.each([
    ['no JSON', '{"text":'],
    ['nothing', ''],
    ['a key twice', '{"text":"a","text":"b"}'],
    ['NUL', '{"text":"a\\u0000"}'],
    ['half a character', '{"text":"\\ud800"}'],
    ['half a character in a name', '{"text":"a","\\udc00":1}'],
    ['more than 20 levels', `{"text":"a","inner":${'['.repeat(20)}${']'.repeat(20)}}`],
    ['more than 1 000 items', `{"text":"a","inner":[${Array.from({ length: 1001 }, () => 1).join(',')}]}`],
    ['a number that no double holds', '{"text":"a","weight":9007199254740993}'],
    ['a number beyond all', '{"text":"a","weight":1e999}'],
    ['a byte order mark', '\ufeff{"text":"a"}'],
  ])('as JSON without doubt: not %s', async (_what, body) => {
    expect(await refused(save(body))).toEqual([400, 'http.body_malformed']);
  });

  it('by its schema: what is unknown or the server’s own is refused by name, with at most 20 faults', async () => {
    expect(await refused(save({ text: 'x', tenantId: 'tnt_1' }))).toEqual([422, 'http.body_invalid', 'tenantId']);
    expect(await refused(save('{"text":"x","__proto__":{"text":"y"}}'))).toEqual([
      422,
      'http.body_invalid',
      '__proto__',
    ]);
    expect(({} as Record<string, unknown>)['text']).toBeUndefined();
    expect(await refused(save({ text: ['x'] }))).toEqual([422, 'http.body_invalid', 'text']);
    expect(await refused(save({ text: 1.5 }))).toEqual([422, 'http.body_invalid', 'text']);
    expect(await refused(save('[]'))).toEqual([422, 'http.body_invalid', '']);
    const [status, , ...paths] = await refused(save({ text: 'x', tags: Array.from({ length: 300 }, () => 1) }));
    expect([status, paths.length, paths[0]]).toEqual([422, 20, 'tags.0']);
  });

  it('and never repeats in an answer what was sent', async () => {
    const answer = await save({ text: 'x', secret: 'HUNTER-2-HUNTER', other: 'HUNTER' });
    expect(answer.status).toBe(422);
    expect(answer.text()).not.toContain('HUNTER');
  });

  it('within 64 KiB', async () => {
    expect(await refused(save(`{"text":"${'x'.repeat(65_536)}"}`))).toEqual([413, 'http.body_too_large']);
    const none = await http.ask('/api/v1/notes', { method: 'GET', body: '{}' });
    expect(none.json()).toMatchObject({
      status: 413,
      code: 'http.body_too_large',
      detail: 'This address takes no body, not even an empty object',
      bytesMax: 0,
    });
  });

  it('in its address: listed parameters alone, once each, of text', async () => {
    expect((await http.ask('/api/v1/notes?colour=red')).json()).toEqual({ colour: 'red' });
    for (const query of ['colour=green', 'size=1', 'colour[]=red', 'colour[$ne]=red', '__proto__=1'])
      expect((await refused(http.ask(`/api/v1/notes?${query}`))).slice(0, 2)).toEqual([400, 'http.query_invalid']);
    expect(await refused(http.ask('/api/v1/notes?colour=red&colour=blue'))).toEqual([400, 'http.query_repeated']);
    expect((await refused(http.ask('/api/v1/notes?colour=%00')))[1]).toBe('http.query_invalid');
    expect((await refused(http.ask('/where?x=1', { as: 'maria' }))).slice(0, 3)).toEqual([
      400,
      'http.query_invalid',
      'x',
    ]);
  });

  it('only after it is known who asks, and whether he may', async () => {
    expect(await refused(http.post('/api/v1/notes', '{', { as: 'weak' }))).toEqual([403, 'http.foreign_origin']);
    expect(await refused(http.ask('/api/v1/notes', { method: 'POST', body: '{' }))).toEqual([
      401,
      'http.sign_in_required',
    ]);
  });
});
