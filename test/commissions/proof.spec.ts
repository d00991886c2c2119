import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { acknowledgeDiscrepancy, listDiscrepancies } from '../../src/commissions/proof/contract.ts';
import { openDiscrepancies, proveSample } from '../../src/commissions/index.ts';
import { naiveAwardDifference, naiveDifference } from '../../src/commissions/proof/rules.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { idFromUuid, newUuid } from '../../src/kernel/ids.ts';
import { createMetrics } from '../../src/ops/index.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { query } from '../../src/platform/query.ts';
import { proveBookings } from '../../src/main/proving.ts';
import { breach } from '../support/breach.ts';
import { differential, inputOf, oneLot, perLotPlan, upline } from '../support/commission-story.ts';
import { type MoneyDesk, openMoneyDesk } from './money-desk.ts';

const events = query(
  'test.discrepancy_events',
  z.object({ type: z.string(), payload: z.unknown() }),
  `select type, payload from platform.events where type like 'commissions.discrepancy%' order by seq`,
);

describe('Bookings are computed again, again and again', () => {
  let desk: MoneyDesk;
  const prove = () =>
    proveSample({ withTenant: desk.api.withTenant, clock: systemClock }, desk.api.tenantOf('acme').id);
  const list = async (query: object = {}, token = desk.people.finance) =>
    (await desk.api.call(listDiscrepancies, { token, query })).ok().data;
  const lie = (units: number) =>
    breach(
      { tenancy: desk.api.tenancy, tenant: desk.api.tenantOf('acme') },
      `update commissions.rebates set units = units + case depth when 1 then ${units} else -${units} end
        where deal_key = (select max(deal_key) from commissions.rebates) and kind = 1 and depth in (1, 2)`,
    );
  beforeAll(async () => {
    desk = await openMoneyDesk();
    await desk.brokerage.feed(Array.from({ length: 8 }, () => desk.brokerage.deal({ lots: '1.37' })).flat());
    await desk.brokerage.book();
  });
  afterAll(() => desk.api.close());

  it('a sample holds the newest and some of any age, and nothing differs', async () => {
    const { proven, different } = await prove();
    expect(proven).toBeGreaterThanOrEqual(8);
    expect(different).toEqual([]);
  });

  it('what differs is logged as an error, counted and told as an event, once', async () => {
    await lie(5);
    const metrics = createMetrics();
    const lines: string[] = [];
    const log = createLogger({ level: 'error', role: 'test' }, { write: (line) => void lines.push(line) });
    const round = proveBookings({ withTenant: desk.api.withTenant, clock: systemClock, metrics, log });
    for (let times = 0; times < 2; times += 1) await round(desk.api.tenantOf('acme').id);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('something else came out');
    expect((await metrics.scrape()).text).toContain('cascade_bookings_proven_total{outcome="different"} 1');
    expect(await desk.inTenant((tx) => events(tx, {}))).toMatchObject([{ type: 'commissions.discrepancy_found' }]);
    expect(await desk.inTenant(openDiscrepancies)).toBe(1);
  });

  it('and stays open until somebody says what it was', async () => {
    const [open, ...more] = await list({ state: 'open' });
    expect(more).toEqual([]);
    expect(open?.detail).toMatch(/^rebates: stored .*=\d+.*, computed again /);
    const ask = (note: string, discrepancyId = open?.id ?? '', token = desk.people.finance) =>
      desk.api.call(acknowledgeDiscrepancy, { token, params: { discrepancyId }, body: { note } });
    expect(await ask(' ')).toMatchObject({ status: 422 });
    expect(await ask('no', idFromUuid('dif', newUuid(1)))).toMatchObject({
      status: 404,
      code: 'commissions.discrepancy_unknown',
    });
    expect(await ask('mine', open?.id, desk.people.auditor)).toMatchObject({ status: 403 });
    expect((await ask('planted by a test')).ok()).toMatchObject({ note: 'planted by a test' });
    expect(await ask('again')).toMatchObject({ code: 'commissions.discrepancy_acknowledged', status: 409 });
    expect(await list({ state: 'open' })).toEqual([]);
    expect(await list({}, desk.people.auditor)).toMatchObject([{ id: open?.id, tradeId: open?.tradeId }]);
    await prove();
    expect(await desk.inTenant(openDiscrepancies)).toBe(0); // The same difference is not said again.
    await lie(1);
    expect((await prove()).different).toHaveLength(1);
  });
});

describe('The naive engine', () => {
  const plan = perLotPlan('8.00', differential());
  const chain = upline('4.00', '8.00');
  const input = inputOf({ ...oneLot, plan, chain });
  const book = {
    assignments: [{ ibKey: 0, planKey: 1, fromMs: 0, change: 1n }],
    versions: [
      { key: 9, planKey: 1, fromMs: 0, change: 1n, definition: plan },
      { key: 10, planKey: 1, fromMs: 0, change: 3n, definition: perLotPlan('9.00', differential()) },
    ],
    overrides: [],
    agreements: new Map(
      chain.map(({ ibKey, terms }) => [ibKey, [{ planKey: 1, fromMs: 0, change: 2n, terms: terms ?? [] }]]),
    ),
  };
  const stored = {
    planVersionKey: 9,
    ibKey: 1,
    earningUnits: 8_000_000n,
    rebates: [
      { component: 0, kind: 1, beneficiary: 1, depth: 0, units: 4_000_000n },
      { component: 0, kind: 1, beneficiary: 2, depth: 1, units: 4_000_000n },
    ],
    reasons: [],
  };
  const trade = { input, lotFactor: '1', change: 2n };

  it.each([
    ['nothing', {}, {}, undefined],
    ['another part', { rebates: stored.rebates.slice(1) }, {}, /^rebates: /],
    ['another earning', { earningUnits: 8_000_001n }, {}, /^earned units: /],
    ['a reason', { reasons: [{ component: -1, reason: 'rate_zero' }] }, {}, /^reason: /],
    ['a version that nobody knew then', {}, { change: 3n }, /^plan version: stored 9, the naive engine has 10/],
    ['no agreement', {}, { change: 1n }, /^rebates: /],
  ])('finds %s by itself', (_what, told, of, found) => {
    const difference = naiveDifference({ ...stored, ...told }, book, { ...trade, ...of });
    if (found === undefined) expect(difference).toBeUndefined();
    else expect(difference).toMatch(found);
  });
});

describe('The naive engine and awards', () => {
  const period = {
    name: 'one',
    model: { kind: 'net_loss' as const, period: 'month' as const, share: '25', carryOver: true },
    levels: { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['60', '20'] },
    traderRebate: '10',
  };
  const definition = { currency: 'USD', components: [], periods: [period] };
  const book = {
    assignments: [],
    versions: [{ key: 9, planKey: 1, fromMs: 0, change: 1n, definition }],
    overrides: [],
    agreements: new Map(),
  };
  const award = {
    versionKey: 9,
    component: 0,
    clientKey: 77,
    units: 450_000_000n, // (3000 - 1200) x 25 %.
    parts: [
      { kind: 1, beneficiary: 1, depth: 0, units: 243_000_000n },
      { kind: 2, beneficiary: 77, depth: 0, units: 27_000_000n },
      { kind: 1, beneficiary: 2, depth: 1, units: 90_000_000n },
    ],
    inputs: {
      over: 'period' as const,
      component: 'one',
      asOf: '2026-03-31T23:59:59.999Z',
      period: { unit: 'month' as const, from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
      lines: [{ part: 'profit' as const, currency: 'USD', amount: '-3000', items: 3 }],
      carriedUnits: '-1200000000',
      before: { units: '0', parts: [] },
    },
    depositedAtMs: [],
    chain: [
      { ibKey: 1, status: 'active' as const },
      { ibKey: 2, status: 'active' as const },
    ],
    atMs: Date.UTC(2026, 3, 1) - 1,
    change: 1n,
  };
  const [own] = award.parts;
  const before = { units: '100000000', parts: own === undefined ? [] : [{ ...own, kind: 'ib' as const, units: '5' }] };

  it.each([
    ['agrees', {}, undefined],
    ['finds another sum', { units: 450_000_001n }, /^the award is 450000001 units, the naive engine has 450000000/],
    ['finds another part', { parts: award.parts.slice(1) }, /^parts differ .*1\/1 by 243000000/],
    ['takes away what was awarded before', { inputs: { ...award.inputs, before } }, /naive engine has 350000000/],
    ['knows no component that is not there', { component: 1 }, /^the plan has no such component/],
    ['has nobody to pay without a chain', { chain: [] }, /naive engine has 0/],
  ])('%s', (_what, words, found) => {
    const difference = naiveAwardDifference({ ...award, ...words }, book);
    if (found === undefined) expect(difference).toBeUndefined();
    else expect(difference).toMatch(found);
  });
});
