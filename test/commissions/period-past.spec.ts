import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveIb, relinkClient } from '../../src/ib/index.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { byText, openPeriodStory as openStory, UTC } from './period-story.ts';

const APRIL = { upTo: UTC('2026-04-01T00:00:00') };
const MONTHS = ['2026-01', '2026-02', '2026-03'];

/** A plan of which the direct IB has 60 percent and the one above it 40; each month brings the house 100 at 30 percent. */
async function openMonths(...more: object[]) {
  const levels = { kind: 'fixed_by_level', unit: 'percent', levels: ['60', '40'] };
  const story = await openStory([
    { name: 'revenue', model: { kind: 'net_revenue', period: 'month', share: '30' }, levels },
    ...more,
  ]);
  const deals = MONTHS.map((month) => story.trade(UTC(`${month}-10T12:00:00`), { Commission: '-100' }));
  await story.feed(...deals.flat());
  await story.look(APRIL);
  expect(await story.awards()).toHaveLength(3 * (more.length + 1));
  expect(await story.queue()).toEqual([]);
  const since = async (): Promise<unknown[][]> => (await story.awards()).slice(3 * (more.length + 1));
  return { ...story, deals, since };
}

describe('What changes the past of periods that were settled', () => {
  let story: Awaited<ReturnType<typeof openMonths>>;
  beforeAll(async () => {
    story = await openMonths();
  });
  afterAll(() => story.close());

  it('a client that belonged to another IB since then: exactly the months that end behind it are looked at by themselves', async () => {
    const clientKey = await story.clientKey(0);
    const ibId = story.brokerage.ibs.get('Maria')?.id ?? null;
    const move = { clientKey, ibId, effectiveAt: UTC('2026-02-15T00:00:00'), backdated: true, reason: 'It was Maria' };
    await story.inTenant((tx) => relinkClient(tx, move));
    await story.look({ ...APRIL, isPreview: true });
    expect(await story.queue()).toEqual([`${clientKey} month 2026-02-01`, `${clientKey} month 2026-03-01`]);
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 2, waiting: 0 });
    expect(await story.since()).toEqual(
      ['2026-02-28', '2026-03-31'].map((day) => [
        'net_revenue',
        '0.00',
        `${day}T23:59:59.999Z`,
        'house 12000000, Kim -18000000, Maria 6000000',
      ]),
    );
  });

  it('is looked at once', async () => {
    expect(await story.look(APRIL)).toEqual({ clients: 0, awards: 0, waiting: 0 });
  });

  it('a link that ends since then takes back what was awarded', async () => {
    const clientKey = await story.clientKey(0);
    const move = { clientKey, ibId: null, effectiveAt: UTC('2026-03-15T00:00:00'), backdated: true, reason: 'Nobody' };
    await story.inTenant((tx) => relinkClient(tx, move));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect((await story.since())[2]?.slice(0, 2)).toEqual(['net_revenue', '-30.00']);
  });
});

describe('An IB that hung elsewhere since then', () => {
  it('has the months of all clients below it looked at, exactly those that end behind it', async () => {
    const story = await openMonths();
    const ibId = story.brokerage.ibs.get('Kim')?.id;
    if (ibId === undefined) throw new Error('no IB');
    const effectiveAt = UTC('2026-03-01T00:00:00');
    await story.inTenant((tx) => moveIb(tx, { ibId, parentId: null, effectiveAt, backdated: true, reason: 'Alone' }));
    const clientKey = await story.clientKey(0); // The other one did nothing.
    await story.look({ ...APRIL, isPreview: true });
    expect(await story.queue()).toEqual([`${clientKey} month 2026-03-01`]);
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect(await story.queue()).toEqual([]);
    expect(await story.since()).toEqual([
      ['net_revenue', '0.00', '2026-03-31T23:59:59.999Z', 'house 12000000, Maria -12000000'],
    ]);
    await story.close();
  });
});

describe('A deal whose close is corrected into another period', () => {
  it('counts where it belongs now: both periods come to what they are by themselves', async () => {
    const story = await openMonths({
      name: 'daily',
      model: { kind: 'net_revenue', period: 'day', share: '10', parts: ['commission'] },
    });
    const march = story.deals[2]?.[1];
    if (march === undefined) throw new Error('no deal');
    await story.update({ ...march, ...story.at(UTC('2026-02-20T12:00:00')) });
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 4, waiting: 0 });
    expect((await story.since()).map(([, amount, at]) => [amount, at]).toSorted(byText)).toEqual([
      ['-10.00', '2026-03-10T23:59:59.999Z'],
      ['-30.00', '2026-03-31T23:59:59.999Z'],
      ['10.00', '2026-02-20T23:59:59.999Z'],
      ['30.00', '2026-02-28T23:59:59.999Z'],
    ]);
    await story.update({ ...march, ...story.at(UTC('2026-03-10T12:00:00')) }); // And back again.
    await story.look(APRIL);
    expect(
      (await story.since())
        .slice(4)
        .map(([, amount, at]) => [amount, at])
        .toSorted(byText),
    ).toEqual([
      ['-10.00', '2026-02-20T23:59:59.999Z'],
      ['-30.00', '2026-02-28T23:59:59.999Z'],
      ['10.00', '2026-03-10T23:59:59.999Z'],
      ['30.00', '2026-03-31T23:59:59.999Z'],
    ]);
    const ways = { withTenant: story.tenancy.withTenant, withControl: story.tenancy.withControl };
    expect((await verifyTenant(ways, story.tenant, { recompute: true })).findings).toEqual([]);
    await story.close();
  });
});
