import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimDue } from '../../src/trading/index.ts';
import { add, closing, type Desk, heartbeat, line, openDesk, opening } from './desk.ts';

describe('The feed takes a batch and gives a verdict on each line', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  let ticket = 1_000;
  const next = () => (ticket += 1);

  it('accepts deals and heartbeats, stores them as delivered and counts them', async () => {
    const deal = closing(next(), { Comment: '[sl 1.14265]', ApiData: [{ AppID: 7 }] });
    const answer = await desk.send([add(deal), heartbeat()]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0, parked: 0, rejected: 0 });
    expect(answer.results).toEqual([
      { line: 0, status: 'accepted' },
      { line: 1, status: 'accepted' },
    ]);
    const stored = (await desk.dealsStored()).find((each) => each.ticket === BigInt(ticket));
    expect(stored).toMatchObject({ version: 0, kind: 'add', handling: 'due', code: null });
    expect(JSON.parse(stored?.raw ?? '')).toEqual(deal);
  });

  it('takes a JSON array, and a packed body', async () => {
    const array = await desk.post(`[${add(closing(next()))},${heartbeat()}]`);
    expect(array).toMatchObject({ status: 200, body: { accepted: 2 } });
    expect(await desk.send([add(closing(next())), heartbeat()], { gzip: true })).toMatchObject({ accepted: 2 });
  });

  it('never lets a bad line take the good ones with it', async () => {
    const answer = await desk.send([
      add(closing(next())),
      '{"type":"deal.add","deal":{"Deal":"1"',
      add(closing(next(), { Volume: '-5' })),
      'nonsense',
      add(closing(next())),
      JSON.stringify({ type: 'trade.close', trade: { order: 5 } }),
      JSON.stringify({ type: 'deal.invent' }),
    ]);
    expect(answer).toMatchObject({ accepted: 2, rejected: 5 });
    expect(answer.results.map(({ status, code }) => code ?? status)).toEqual([
      'accepted',
      'feed.line_malformed',
      'feed.volume_invalid',
      'feed.line_malformed',
      'accepted',
      'feed.type_unsupported',
      'feed.type_unknown',
    ]);
  });

  it('keeps what it rejects, bytes that are no text too', async () => {
    const before = (await desk.rejectedStored()).length;
    const broken = Buffer.concat([
      Buffer.from('{"type":"deal.add","x":"'),
      Buffer.of(0xff, 0x00, 0xfe),
      Buffer.from('"}\n'),
      Buffer.from(heartbeat()),
    ]);
    expect(await desk.post(broken)).toMatchObject({ status: 200, body: { accepted: 1, rejected: 1 } });
    const long = `{"type":"deal.add","x":"${'y'.repeat(20_000)}"}`;
    expect(await desk.send([long])).toMatchObject({ rejected: 1, results: [{ code: 'feed.line_too_large' }] });
    expect(await desk.post(`[${heartbeat()},{"type":"deal.add","deal":{"Deal":"0x10"}}]`)).toMatchObject({
      body: { rejected: 1 },
    });
    const kept = (await desk.rejectedStored()).slice(before);
    expect(kept.map(({ line: place, code, rawBytes, raw }) => [place, code, rawBytes, raw.length])).toEqual([
      [0, 'feed.line_text_invalid', 29, expect.any(Number)],
      [0, 'feed.line_too_large', long.length, 16_384],
      [1, 'feed.field_missing', 42, 42],
    ]);
  });

  it('knows a deal that it has, in the same batch and in another, with its numbers written otherwise', async () => {
    const deal = closing(next(), { Profit: '1.10' });
    const first = await desk.send([add(deal), add(deal)]);
    expect(first.results.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
    const again = await desk.send([add({ ...deal, Profit: 1.1, Deal: Number(deal.Deal), Reason: null })]);
    expect(again).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('parks another content under a known ticket as a conflict, and keeps it as a version', async () => {
    const deal = closing(next());
    await desk.send([add(deal)]);
    const other = add({ ...deal, Profit: '5' });
    expect((await desk.send([other])).results[0]).toMatchObject({ status: 'parked', code: 'feed.deal_conflict' });
    expect(await desk.send([other])).toMatchObject({ duplicates: 1 });
    const stored = (await desk.dealsStored()).filter((each) => each.ticket === BigInt(ticket));
    expect(stored.map(({ version, kind, code }) => [version, kind, code])).toEqual([
      [0, 'add', null],
      [1, 'add', 'feed.deal_conflict'],
    ]);
  });

  it('stores updates and deletions as further versions that wait, before their deal too', async () => {
    const deal = closing(next());
    const changed = { ...deal, Commission: '-6.00' };
    const early = await desk.send([line('deal.update', changed), line('deal.delete', { Deal: deal.Deal })]);
    expect(early.results.map(({ code }) => code)).toEqual(['trading.correction_waits', 'trading.correction_waits']);
    expect(await desk.send([add(deal)])).toMatchObject({ accepted: 1 });
    expect(
      await desk.send([
        line('deal.update', changed),
        line('deal.delete', { Deal: deal.Deal }),
        line('deal.update', changed),
      ]),
    ).toMatchObject({ duplicates: 3 });
    expect(await desk.send([line('deal.update', deal)])).toMatchObject({ parked: 1 });
    expect(await desk.send([add(changed)])).toMatchObject({ duplicates: 1 });
    const stored = (await desk.dealsStored()).filter((each) => each.ticket === BigInt(ticket));
    expect(stored.map(({ version, kind, handling }) => `${version} ${kind} ${handling}`)).toEqual([
      '0 add due',
      '1 update parked',
      '2 delete parked',
      '3 update parked',
    ]);
  });

  it('finds nothing new in an update that changes nothing', async () => {
    const deal = closing(next());
    await desk.send([add(deal)]);
    expect(await desk.send([line('deal.update', deal)])).toMatchObject({ duplicates: 1 });
  });

  it.each([
    ['trading.symbol_unknown', { Symbol: 'XAUUSD' }],
    ['trading.account_unknown', { Login: '1' }],
    ['trading.group_unknown', { Login: '900103' }],
    ['trading.volume_missing', { Volume: '0', VolumeClosed: '0' }],
    ['trading.volume_missing', { Volume: null, VolumeClosed: null }],
    ['trading.volume_implausible', { VolumeExt: '9000000000000000000' }],
    ['trading.price_implausible', { Price: '0' }],
    ['trading.price_implausible', { Price: '100000000000' }],
    ['trading.closed_volume_missing', { Entry: 2, VolumeClosed: '0' }],
  ])('parks a deal that it can name but not use: %s', async (code, other) => {
    const answer = await desk.send([add(closing(next(), other))]);
    expect(answer.results).toEqual([{ line: 0, status: 'parked', code, detail: expect.any(String) as unknown }]);
    const stored = (await desk.dealsStored()).find((each) => each.ticket === BigInt(ticket));
    expect(stored).toMatchObject({ handling: 'parked', code });
  });

  it.each([
    ['money', { Action: 2, Entry: 0, Symbol: '', Login: '77' }, 'kept'],
    ['an entry', { Entry: 0, VolumeClosed: '0' }, 'kept'],
    ['a demo account', { Login: '900102', Symbol: 'NOBODY' }, 'group_unpaid'],
    ['a migrated deal', { Reason: 15, Login: '77' }, 'technical'],
  ])('accepts %s and books nothing for it', async (_what, other, handling) => {
    expect(await desk.send([add(closing(next(), other))])).toMatchObject({ accepted: 1 });
    const stored = (await desk.dealsStored()).find((each) => each.ticket === BigInt(ticket));
    expect(stored).toMatchObject({ handling });
  });

  it.each(['1e21', '0x10', '1,000.00', ' ', 'NaN', '١٢', '-1', '9223372036854775808', '1.5', ''])(
    'refuses the volume %j or stores it exactly, never rounded',
    async (text) => {
      const answer = await desk.send([add(closing(next(), { Volume: text }))]);
      expect(answer.results[0]?.status).toBe('rejected');
      expect((await desk.dealsStored()).some((each) => each.ticket === BigInt(ticket))).toBe(false);
    },
  );

  it('stores the greatest numbers and the finest decimals to the last digit', async () => {
    const deal = closing(9_223_372_036_854_775_807n, {
      Profit: '-123456789012345678901234567890.12345678901234567891',
      Fee: 0.1,
    });
    expect(await desk.send([add(deal)])).toMatchObject({ accepted: 1 });
    const stored = (await desk.dealsStored()).at(-1);
    expect(stored).toMatchObject({ ticket: 9_223_372_036_854_775_807n });
    expect(JSON.parse(stored?.raw ?? '')).toMatchObject({
      Profit: '-123456789012345678901234567890.12345678901234567891',
    });
  });

  it('stores names that look like SQL, like ids and like arrays as they are', async () => {
    for (const symbol of ["a'; drop table x", '{"a",b}', '\\', 'NULL', 'dea_00000000000000000000000001', 'ü€\n\t😀']) {
      const answer = await desk.send([
        add(closing(next(), { Symbol: symbol })),
        add(closing(next(), { Symbol: 'EURUSD' })),
      ]);
      expect(answer.results.map(({ code, status }) => code ?? status)).toEqual(['trading.symbol_unknown', 'accepted']);
      expect(answer.results[0]?.detail).toContain(JSON.stringify(symbol));
    }
  });

  it('tells of each batch in one event, and of nothing where nothing was stored', async () => {
    const before = (await desk.eventsOf('trading.deals_received')).length;
    await desk.send([add(closing(next())), add(closing(next(), { Symbol: 'X' })), 'nonsense', heartbeat()]);
    await desk.send([heartbeat()]);
    await desk.send([add(closing(ticket, { Symbol: 'X' }))]);
    const events = (await desk.eventsOf('trading.deals_received')).slice(before);
    expect(events).toEqual([
      {
        stream: `source/${desk.sourceId}`,
        payload: {
          batch: expect.any(String) as unknown,
          counts: { accepted: 2, duplicates: 0, parked: 1, rejected: 1, due: 1 },
          firstDeal: expect.stringMatching(/^dea_/) as unknown,
          lastDeal: expect.stringMatching(/^dea_/) as unknown,
        },
      },
    ]);
  });
});

describe('The feed takes a body as a whole or not at all', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());

  it.each([
    ['nothing', '', 422, 'feed.batch_empty'],
    ['blank lines', ' \n\r\n\t', 422, 'feed.batch_empty'],
    ['more than 1 000 lines', `${heartbeat()}\n`.repeat(1001), 413, 'feed.batch_too_large'],
    ['more than 1 MiB', 'x'.repeat(1_048_577), 413, 'feed.batch_too_large'],
    ['an array that is none', '[{"type":"heartbeat"}', 400, 'feed.body_malformed'],
  ])('refuses %s', async (_what, body, status, code) => {
    expect(await desk.post(body)).toMatchObject({ status, code });
  });

  it('unpacks no more than 1 MiB, however much would come of it', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576));
    const before = process.memoryUsage().arrayBuffers;
    const answer = await desk.post(bomb, { headers: { 'content-encoding': 'gzip' } });
    expect(answer).toMatchObject({ status: 413, code: 'feed.batch_too_large' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
  });

  it('refuses what it cannot unpack', async () => {
    expect(await desk.post('plain', { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 400,
      code: 'feed.body_unpackable',
    });
    expect(await desk.post('plain', { headers: { 'content-encoding': 'br' } })).toMatchObject({
      status: 415,
      code: 'feed.encoding_unsupported',
    });
  });

  it('gives a repeated batch the answer of the first time, word for word, and stores nothing more', async () => {
    const lines = [add(closing(1), 1), 'nonsense', add(closing(2, { Symbol: 'X' }), 3)];
    const first = await desk.post(lines.join('\n'), { batch: 'b-1' });
    await desk.send([add(closing(3), 2)]);
    const again = await desk.post(lines.join('\n'), { batch: 'b-1', gzip: true });
    expect(again).toEqual(first);
    expect(await desk.dealsStored()).toHaveLength(3);
  });

  it('refuses another body under a batch id that it knows, and keeps nothing of it', async () => {
    expect(await desk.post(add(closing(4)), { batch: 'b-1' })).toMatchObject({
      status: 409,
      code: 'feed.batch_conflict',
    });
    expect(await desk.dealsStored()).toHaveLength(3);
  });

  it('tells the queue which deals are due, after the commit', async () => {
    desk.hints.length = 0;
    let dueThen = 0;
    desk.told.by = async (hint) => {
      desk.hints.push(hint);
      const rollback = new Error('looked only');
      await desk
        .inTenant(async (tx) => {
          dueThen = (await claimDue(tx, { max: 10, dealKeys: hint.dealKeys })).length;
          throw rollback;
        })
        .catch((error: unknown) => expect(error).toBe(rollback));
    };
    await desk.send([add(closing(10)), add(opening(11)), add(closing(12, { Symbol: 'X' })), add(closing(13))]);
    await desk.send([heartbeat()]);
    const keys = (await desk.dealsStored())
      .filter((each) => each.ticket === 10n || each.ticket === 13n)
      .map((each) => each.key);
    expect(desk.hints).toEqual([{ tenantId: desk.tenant.id, batchKey: expect.any(BigInt) as unknown, dealKeys: keys }]);
    expect(dueThen).toBe(2);
  });

  it('answers although the queue fails, or hangs', async () => {
    desk.told.by = () => Promise.reject(new Error('no queue'));
    expect(await desk.send([add(closing(20))])).toMatchObject({ accepted: 1 });
    desk.told.by = () => {
      throw new Error('not even a promise');
    };
    expect(await desk.send([add(closing(21))])).toMatchObject({ accepted: 1 });
    const hanging = new AbortController();
    desk.told.by = () => sleep(60_000, undefined, { signal: hanging.signal });
    const startedMs = performance.now();
    expect(await desk.send([add(closing(22))])).toMatchObject({ accepted: 1 });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    hanging.abort();
  });
});
