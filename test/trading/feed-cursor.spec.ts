import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { add, closing, type Desk, heartbeat, openDesk } from './desk.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy } from '../support/tenancy.ts';

describe('The feed knows where a source stands', () => {
  let tenancy: Tenancy;
  let desk: Desk;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());
  beforeEach(async () => {
    desk = await openDesk(tenancy);
  });
  const seqs = (...numbers: number[]) => numbers.map((seq) => heartbeat(seq));

  it('tells the last seq without a gap before it, the highest, and what is missing', async () => {
    expect(await desk.send([heartbeat()])).toMatchObject({ cursor: 0, highest: 0, missing: [] });
    expect(await desk.send(seqs(1, 2, 3))).toMatchObject({ cursor: 3, highest: 3, missing: [] });
    expect(await desk.send(seqs(6, 9))).toMatchObject({ cursor: 3, highest: 9, missing: [[4, 5], [7, 8]] }); // prettier-ignore
    expect(await desk.send(seqs(8, 4, 5))).toMatchObject({ cursor: 6, highest: 9, missing: [[7, 7]] });
    expect(await desk.send(seqs(7, 7, 1))).toMatchObject({ cursor: 9, highest: 9, missing: [] });
    expect(await desk.cursor()).toEqual({ status: 200, body: { cursor: 9, highest: 9, missing: [] }, code: undefined });
  });

  it('counts duplicates, parked and rejected lines as seen, as far as their seq can be read', async () => {
    const deal = add(closing(1), 1);
    const answer = await desk.send([
      deal,
      deal.replace('"seq":1', '"seq":2'),
      add(closing(2, { Symbol: 'X' }), 3),
      add(closing(3, { Volume: '-1' }), 4),
      '{"seq":5,"type":"deal.add","deal":{"Deal":"4"',
      '{"seq":6,"seq":6,"type":"heartbeat"}',
      '{"seq":"7","type":"heartbeat"}',
      '{"seq":0,"type":"heartbeat"}',
      '{"seq":9007199254740993,"type":"heartbeat"}',
    ]);
    expect(answer.results.map(({ code, status }) => code ?? status)).toEqual([
      'accepted',
      'duplicate',
      'trading.symbol_unknown',
      'feed.volume_invalid',
      'feed.line_malformed',
      'feed.line_duplicate_key',
      'feed.seq_invalid',
      'feed.seq_invalid',
      'feed.seq_invalid',
    ]);
    expect(answer).toMatchObject({ cursor: 6, highest: 6, missing: [] });
  });

  it('lists a hundred missing ranges at most', async () => {
    const answer = await desk.send(seqs(...Array.from({ length: 300 }, (_none, index) => 2 * (index + 1))));
    expect(answer).toMatchObject({ cursor: 0, highest: 600 });
    expect(answer.missing).toHaveLength(100);
    expect(answer.missing.at(-1)).toEqual([199, 199]);
  });
});
