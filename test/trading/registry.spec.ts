import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import {
  allServers,
  allSources,
  claimDue,
  createServer,
  createSource,
  mapSymbols,
  rotateSecret,
  setGroups,
} from '../../src/trading/index.ts';
import { encodeId } from '../../src/kernel/ids.ts';
import type { SourceId } from '../../src/kernel/ids.ts';
import { add, closing, type Desk, NOW_MS, openDesk, SERVER, symbolNamed } from './desk.ts';

const sealedSecrets = query(
  'test.sealed_secrets',
  z.object({ text: z.string() }),
  `select encode(secret, 'escape') as text from trading.sources`,
);
const swapSecrets = query(
  'test.swap_secrets',
  z.object({}),
  `update trading.sources o set secret = (select secret from trading.sources x where x.id <> o.id limit 1)`,
);
const tamper = query('test.tamper_deals', z.object({}), `update trading.deals set closed_volume = 0`);
const forget = query('test.forget_deals', z.object({}), `delete from trading.deals`);

describe('What is known of servers, symbols and groups', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  const later = new Date(NOW_MS + 3_600_000);
  const map = (contractSize: string, validFrom: Date) =>
    desk.inTenant((tx) =>
      mapSymbols(tx, { server: SERVER, symbols: [{ ...symbolNamed('GOLD', 'XAUUSD'), contractSize }], validFrom }),
    );

  it('is changed as a set; what stays the same is left alone', async () => {
    expect(await map('100', new Date(NOW_MS))).toEqual({ added: 1, changed: 0, unchanged: 0 });
    expect(await map('100.00', later)).toEqual({ added: 0, changed: 0, unchanged: 1 });
    expect(await map('10', later)).toEqual({ added: 0, changed: 1, unchanged: 0 });
    await expect(map('1', later)).rejects.toMatchObject({ code: 'trading.mapping_backdated' });
    const groups = [
      { name: 'vip', lotFactor: '0.4', pays: true },
      { name: 'demo\\standard', lotFactor: '1', pays: false },
    ];
    expect(await desk.inTenant((tx) => setGroups(tx, { server: SERVER, groups, validFrom: later }))).toEqual({
      added: 1,
      changed: 0,
      unchanged: 1,
    });
    expect(await desk.eventsOf('trading.groups_set')).toHaveLength(2);
  });

  it('holds for a deal as it was at the deal’s own time, the first since ever', async () => {
    const at = (ms: number) => ({ Symbol: 'GOLD', Time: ms / 1000 });
    await desk.send([
      add(closing(1, at(Date.UTC(2001, 0, 1)))),
      add(closing(2, at(later.getTime() - 1_000))),
      add(closing(3, at(later.getTime()))),
    ]);
    const trades = await desk.inTenant((tx) => claimDue(tx, { max: 10 }));
    expect(trades.map((trade) => trade.symbol)).toEqual(['XAUUSD', 'XAUUSD', 'XAUUSD']);
    const [first, second, third] = trades.map((trade) => trade.symbolKey);
    expect(first).toBe(second);
    expect(third).not.toBe(second);
  });

  it.each([
    ['a contract of nothing', { contractSize: '0' }],
    ['a pip below nothing', { pipSize: '-0.1' }],
    ['a contract that is no decimal', { contractSize: '1e5' }],
    ['no canonical name', { symbol: '' }],
    ['digits beyond any price', { digits: 40 }],
  ])('refuses a symbol with %s', async (_what, other) => {
    const mapping = { ...symbolNamed('SILVER'), ...other };
    await expect(
      desk.inTenant((tx) => mapSymbols(tx, { server: SERVER, symbols: [mapping], validFrom: later })),
    ).rejects.toMatchObject({ code: 'trading.mapping_invalid' });
  });

  it('refuses what is not there, or there already', async () => {
    const server = { name: SERVER, platform: 'mt5' as const, zone: 'Etc/UTC', shiftMinutes: 0 };
    await expect(desk.inTenant((tx) => createServer(tx, server))).rejects.toMatchObject({
      code: 'trading.server_exists',
    });
    await expect(
      desk.inTenant((tx) => createServer(tx, { ...server, name: 'x', zone: 'Mars/Base' })),
    ).rejects.toMatchObject({ code: 'trading.clock_rule_invalid' });
    await expect(
      desk.inTenant((tx) => setGroups(tx, { server: 'nowhere', groups: [], validFrom: later })),
    ).rejects.toMatchObject({ code: 'trading.server_unknown' });
    await expect(
      desk.inTenant((tx) => createSource(tx, desk.keeping, { server: SERVER, name: 'bridge' })),
    ).rejects.toMatchObject({ code: 'trading.source_exists' });
    await expect(
      desk.inTenant((tx) => createSource(tx, desk.keeping, { server: SERVER, name: 'b', secret: 'short' })),
    ).rejects.toMatchObject({ code: 'trading.secret_weak' });
    const rotation = { sourceId: encodeId('src', 5n) as SourceId, previousValidMs: 0 };
    await expect(desk.inTenant((tx) => rotateSecret(tx, desk.keeping, rotation))).rejects.toMatchObject({
      code: 'trading.source_unknown',
    });
    expect(await desk.inTenant((tx) => allServers(tx))).toEqual([{ key: expect.any(Number) as unknown, ...server }]);
    expect(await desk.inTenant((tx) => allSources(tx))).toEqual([
      { id: desk.sourceId, name: 'bridge', server: SERVER },
    ]);
  });

  it('keeps secrets sealed, each to its own source, and out of every event', async () => {
    const [row] = await desk.inTenant((tx) => sealedSecrets(tx, {}));
    expect(row?.text).not.toContain(desk.source.secret);
    expect(JSON.stringify(await desk.eventsOf('trading.source_created'))).not.toContain(desk.source.secret);
    const other = await desk.inTenant((tx) => createSource(tx, desk.keeping, { server: SERVER, name: 'second' }));
    await desk.inTenant((tx) => swapSecrets(tx, {}));
    await expect(desk.post('{"type":"heartbeat"}', { sourceId: other.id, secret: desk.source.secret })).rejects.toThrow(
      /auth/i,
    );
  });

  it('never lets a stored deal be changed or deleted', async () => {
    await expect(desk.inTenant((tx) => tamper(tx, {}))).rejects.toMatchObject({ code: '42501' });
    await expect(desk.inTenant((tx) => forget(tx, {}))).rejects.toMatchObject({ code: '42501' });
  });
});
