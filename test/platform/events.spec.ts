import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { emit } from '../../src/platform/events/index.ts';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const allEvents = query(
  'test.all_events',
  z.object({ seq: z.bigint(), stream: z.string(), version: z.int(), linked: z.boolean() }),
  `
  select seq, stream, version, previous_hash = coalesce(lag(hash) over (order by seq), decode(repeat('00', 32), 'hex')) as linked
    from platform.events order by seq`,
);
const rewrite = query('test.rewrite_event', z.object({}), `update platform.events set actor = 'someone else'`);

describe('Events are written with the change, in the order of commits', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  const happened = (stream: string) => ({
    stream,
    type: 'test.happened',
    schemaVersion: 1,
    payload: { amount: '1.10' },
  });

  it('numbers all events without a hole and those of a stream from 1, whoever writes at the same time', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_none, index) =>
        acme.inTenant(async (tx) => {
          emit(tx, happened(`a/${index % 3}`));
          emit(tx, happened('b/1'));
        }),
      ),
    );
    const events = await acme.inTenant((tx) => allEvents(tx, {}));
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 40 }, (_none, index) => BigInt(index + 1)));
    expect(events.filter((event) => event.stream === 'b/1').map((event) => event.version)).toEqual(
      Array.from({ length: 20 }, (_none, index) => index + 1),
    );
    expect(events.every((event) => event.linked)).toBe(true);
  });

  it('leaves nothing behind of a transaction that fails', async () => {
    const before = await acme.inTenant((tx) => allEvents(tx, {}));
    const failing = acme.inTenant(async (tx) => {
      emit(tx, happened('b/1'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await acme.inTenant((tx) => allEvents(tx, {}))).toHaveLength(before.length);
  });

  it('refuses to change what is written', async () => {
    await expect(acme.inTenant((tx) => rewrite(tx, {}))).rejects.toMatchObject({ code: '42501' });
  });
});
