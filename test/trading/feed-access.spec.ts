import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeId } from '../../src/kernel/ids.ts';
import { rotateSecret } from '../../src/trading/index.ts';
import { add, closing, type Desk, heartbeat, NOW_MS, openDesk, type Sending } from './desk.ts';

const refusal = {
  status: 401,
  body: { title: 'The request is not signed as this feed demands', detail: undefined },
  code: 'feed.signature_invalid',
};
const body = add(closing(1), 1);

describe('Nothing of a request is believed before its signature holds', () => {
  let desk: Desk;
  let zenith: Desk;
  beforeAll(async () => {
    [desk, zenith] = await Promise.all([openDesk(), openDesk()]);
  });
  afterAll(() => Promise.all([desk.close(), zenith.close()]));
  const secondsAgo = (seconds: number) => String(Math.floor(NOW_MS / 1000) - seconds);
  const flipped = (place: number): Buffer => {
    const bytes = Buffer.from(body);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes;
  };

  it.each<[string, () => Sending]>([
    ['a changed byte at the start of the body', () => ({ bodySent: flipped(0) })],
    ['a changed byte at the end of the body', () => ({ bodySent: flipped(body.length - 1) })],
    ['a body cut short', () => ({ bodySent: Buffer.from(body.slice(0, -1)) })],
    ['a packed body in place of the signed one', () => ({ gzip: true, bodySent: Buffer.from(body) })],
    ['a timestamp of ten minutes ago', () => ({ timestamp: secondsAgo(600) })],
    ['a timestamp of 301 seconds ago', () => ({ timestamp: secondsAgo(301) })],
    ['a timestamp 301 seconds ahead', () => ({ timestamp: secondsAgo(-301) })],
    ['another timestamp than the signed one', () => ({ headers: { 'cascade-timestamp': secondsAgo(1) } })],
    ['a timestamp in milliseconds', () => ({ headers: { 'cascade-timestamp': String(NOW_MS) } })],
    ['a timestamp that is no number', () => ({ headers: { 'cascade-timestamp': 'now' } })],
    ['another nonce than the signed one', () => ({ headers: { 'cascade-nonce': 'another-nonce' } })],
    ['another batch than the signed one', () => ({ headers: { 'cascade-batch': 'another-batch' } })],
    ["another tenant's secret", () => ({ secret: zenith.source.secret })],
    ["another tenant's source", () => ({ secret: zenith.source.secret, sourceId: zenith.source.id })],
    ['a source that there is not', () => ({ sourceId: encodeId('src', 1n) })],
    ['a source id that is none', () => ({ sourceId: `${'x'.repeat(9_000)}' or 1=1` })],
    ['no signature', () => ({ headers: { 'cascade-signature': undefined } })],
    ['no batch', () => ({ headers: { 'cascade-batch': undefined } })],
    ['no nonce', () => ({ headers: { 'cascade-nonce': undefined } })],
    ['no timestamp', () => ({ headers: { 'cascade-timestamp': undefined } })],
    ['an empty signature', () => ({ headers: { 'cascade-signature': 'v1=' } })],
    ['a signature of another version', () => ({ headers: { 'cascade-signature': `v2=${'0'.repeat(64)}` } })],
  ])('refuses %s with one and the same answer', async (_what, sending) => {
    expect(await desk.post(body, sending())).toEqual(refusal);
  });

  it('has stored nothing of them', async () => {
    expect(await desk.dealsStored()).toEqual([]);
    expect(await desk.rejectedStored()).toEqual([]);
    expect(await desk.cursor()).toMatchObject({ status: 200, body: { cursor: 0, highest: 0 } });
  });

  it('accepts a timestamp 300 seconds off, either way', async () => {
    expect(await desk.post(heartbeat(), { timestamp: secondsAgo(300) })).toMatchObject({ status: 200 });
    expect(await desk.post(heartbeat(), { timestamp: secondsAgo(-300) })).toMatchObject({ status: 200 });
  });

  it('tells the cursor only to who signs for it', async () => {
    expect(await desk.cursor({ secret: zenith.source.secret })).toEqual(refusal);
    expect(await desk.cursor({ timestamp: secondsAgo(400) })).toEqual(refusal);
    expect(await desk.cursor({ sourceId: zenith.source.id })).toEqual(refusal);
  });

  it('answers a request sent twice with what it answered first, and a nonce used for another batch not at all', async () => {
    const sending = { batch: 'once', nonce: 'nonce-0001' };
    const first = await desk.post(body, sending);
    expect(first).toMatchObject({ status: 200, body: { accepted: 1 } });
    expect(await desk.post(body, sending)).toEqual(first);
    expect(await desk.post(body, { batch: 'once', nonce: 'nonce-0002' })).toEqual(first);
    expect(await desk.post(add(closing(2)), { batch: 'twice', nonce: 'nonce-0001' })).toEqual(refusal);
    expect(await desk.dealsStored()).toHaveLength(1);
  });

  it('accepts the secret before while a rotation is under way, and no older one', async () => {
    const before = desk.source.secret;
    const rotate = () =>
      desk.inTenant((tx) => rotateSecret(tx, desk.keeping, { sourceId: desk.sourceId, previousValidMs: 60_000 }));
    const { secret } = await rotate();
    expect(secret).not.toBe(before);
    expect(await desk.post(heartbeat(), { secret })).toMatchObject({ status: 200 });
    expect(await desk.post(heartbeat(), { secret: before })).toMatchObject({ status: 200 });
    await desk.inTenant((tx) => tx.sql.raw('update trading.sources set previous_until = clock_timestamp()')); // The minute is over.
    expect(await desk.post(heartbeat(), { secret: before })).toEqual(refusal);
    expect(await desk.post(heartbeat(), { secret })).toMatchObject({ status: 200 });
    const third = await rotate();
    expect(await desk.post(heartbeat(), { secret: third.secret })).toMatchObject({ status: 200 });
    expect(await desk.post(heartbeat(), { secret })).toMatchObject({ status: 200 });
    expect(await desk.post(heartbeat(), { secret: before })).toEqual(refusal);
  });
});
