import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listCommissionExceptions } from '../../src/commissions/exceptions/contract.ts';
import { explainTradeRebates } from '../../src/commissions/trades/contract.ts';
import { encodeId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { listParkedDeals } from '../../src/trading/due/contract.ts';
import { setOpenByHandOperation } from '../../src/trading/opens/contract.ts';
import { openTestApi } from '../support/api.ts';
import { openBrokerage } from '../support/brokerage.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';

const raised = query(
  'test.raised',
  z.object({ payload: z.record(z.string(), z.unknown()) }),
  `select payload from platform.events where type = 'commissions.exceptions_raised' order by seq`,
);

async function openDesk() {
  const api = await openTestApi();
  const tenant = api.tenantOf('acme');
  const inTenant = <T>(work: Parameters<typeof api.withTenant<T>>[2]): Promise<T> =>
    api.withTenant(tenant.id, testOrigin, work);
  const brokerage = await openBrokerage(
    { tenancy: api.tenancy, tenant, inTenant, close: api.close },
    {
      plan: {
        rules: [{ name: 'metals', symbolGroup: 'metals', budget: '8.00' }],
        filters: [{ kind: 'minimum_time_open', seconds: 60 }],
      },
    },
  );
  const token = async (role: string): Promise<string> => (await makePerson(api, { roles: [role] })).token;
  const people = { owner: await token('owner'), finance: await token('finance'), sales: await token('sales') };
  return { api, inTenant, brokerage, people };
}

describe('What somebody must see', () => {
  let desk: Awaited<ReturnType<typeof openDesk>>;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.api.close());
  const list = (words: { token?: string; query?: Record<string, string> } = {}) =>
    desk.api.call(listCommissionExceptions, { token: desk.people.finance, query: {}, ...words });

  it('a symbol that no rule matches pays nothing, is listed, and its batch says so', async () => {
    const { brokerage } = desk;
    await brokerage.feed([
      ...brokerage.deal({ symbol: 'EURUSD' }),
      ...brokerage.deal({ symbol: 'GBPUSD' }),
      ...brokerage.deal({ symbol: 'XAUUSD', heldMs: 59_000 }), // Refused by a rule at work: no exception.
      ...brokerage.deal({ symbol: 'XAUUSD' }),
    ]);
    expect(await brokerage.book()).toMatchObject({ booked: 1, unpaid: 3 });
    const { data, nextCursor } = (await list()).ok();
    expect(nextCursor).toBeNull();
    expect(data).toMatchObject([
      {
        reason: 'symbol_unmatched',
        sentence: 'No rule of the plan names this symbol for this account group.',
        symbol: 'GBPUSD',
        accountGroup: 'real\\standard',
        plan: { name: 'Per lot', version: 1 },
      },
      { symbol: 'EURUSD', reason: 'symbol_unmatched' },
    ]);
    expect((await desk.inTenant((tx) => raised(tx, {}))).map(({ payload }) => payload)).toMatchObject([
      { trades: { symbol_unmatched: 2 }, symbols: ['EURUSD', 'GBPUSD'] },
    ]);
  });

  it('page by page, by reason, and only by who may', async () => {
    const first = (await list({ query: { limit: '1' } })).ok();
    const second = (await list({ query: { limit: '1', cursor: first.nextCursor ?? '' } })).ok();
    expect([...first.data, ...second.data].map(({ symbol }) => symbol)).toEqual(['GBPUSD', 'EURUSD']);
    expect((await list({ query: { reason: 'no_plan' } })).ok().data).toEqual([]);
    expect((await list({ query: { reason: 'rate_zero' } })).status).toBe(400);
    expect((await list({ query: { cursor: 'x' } })).code).toBe('platform.cursor_invalid');
    expect((await list({ token: desk.people.sales })).status).toBe(403);
  });

  it('a deal without its open is listed as parked, and the open is set by hand with a reason', async () => {
    const { brokerage, api, people } = desk;
    const [, closing] = brokerage.deal({ symbol: 'XAUUSD', closedAt: new Date('2026-03-10T10:03:10Z'), lots: '1.25' });
    await brokerage.feed([closing ?? {}]);
    await brokerage.book();
    const [waits] = (await api.call(listParkedDeals, { token: people.owner, query: {} })).ok().data;
    if (waits === undefined) throw new Error('it is parked');
    const { dealId } = waits;
    const set = (words: { token?: string; body?: object; dealId?: string }) =>
      api.call(setOpenByHandOperation, {
        token: words.token ?? people.owner,
        params: { dealId: words.dealId ?? dealId },
        body: { openedAt: '2026-03-10T10:00:00Z', reason: 'by the statement of the server', ...words.body },
      });
    expect((await set({ token: people.finance })).status).toBe(403);
    expect((await set({ dealId: encodeId('dea', 99n) })).code).toBe('trading.deal_unknown');
    expect((await set({ body: { openedAt: '2026-03-10T10:03:11Z' } })).code).toBe('trading.open_after_close');
    for (const body of [
      { openedAt: 'yesterday' },
      { reason: ' ' },
      { price: '-1' },
      { price: '0.00' },
      { openReason: 'rollover' },
      { more: 1 },
    ])
      expect([body, (await set({ body })).status]).toEqual([body, 422]);
    expect((await set({})).ok()).toMatchObject({ dealId, openedAt: '2026-03-10T10:00:00.000Z', due: 1 });
    expect((await set({})).code).toBe('trading.deal_not_parked');
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    const params = { tradeId: dealId.replace('dea_', 'trd_') as never };
    const told = (await api.call(explainTradeRebates, { token: people.owner, params })).ok();
    expect(told).toMatchObject({
      id: dealId,
      openByHand: { reason: 'by the statement of the server' },
      earning: { amount: '10.00' },
    });
  });
});
