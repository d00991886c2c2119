import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import type { DealId, IbId } from '../../src/kernel/ids.ts';
import { dealIdOf, idFromUuid } from '../../src/kernel/ids.ts';
import { agree, draftVersion, explain, publishVersion, recompute } from '../../src/commissions/index.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { importRates, setGroups } from '../../src/trading/index.ts';
import { moveIb, setStatus } from '../../src/ib/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

/** A server whose clock is ahead: its deals close after changes that we have not recorded yet. */
const AHEAD_MS = 600_000;

const [EUR, USD] = [Currency.parse('EUR'), Currency.parse('USD')];

describe('A booking is computed again from what was known when it was made', () => {
  let acme: TestTenant;
  let house: Brokerage;
  const idOf = (name: string): IbId => {
    const ib = house.ibs.get(name);
    if (ib === undefined) throw new Error(`no IB ${name}`);
    return ib.id;
  };
  const ahead = (): Date => new Date(Date.now() + AHEAD_MS);
  /** Feeds one closed position, books it, and gives its deal. */
  const trade = async (words: Parameters<Brokerage['deal']>[0]): Promise<DealId> => {
    await house.feed(house.deal(words));
    expect(await house.book()).toMatchObject({ claimed: 1, booked: 1 });
    const { rows }: { rows: { key: bigint }[] } = await acme.inTenant(async (tx) =>
      tx.sql.raw('select max(deal_key) as key from commissions.bookings'),
    );
    return dealIdOf(rows[0]?.key ?? 0n);
  };
  const story = async (deal: DealId): Promise<string> => {
    const { chain, rebates, plan } = await acme.inTenant((tx) => explain(tx, deal));
    const path = chain.map(({ name, status }) => (status === 'active' ? name : `${name} (${status})`)).join(' > ');
    return `${path}; version ${plan?.version}; ${rebates.map(({ to, amount }) => `${to} ${amount.amount}`).join(', ')}`;
  };
  /** Nothing that comes later changes what a booking says or how it is computed. */
  const stories = new Map<DealId, string>();
  /** Every explanation that was ever given, to the byte, by deal and revision. */
  const told = new Map<string, string>();
  const explained = async (deal: DealId, revision: number): Promise<string> =>
    JSON.stringify(await acme.inTenant((tx) => explain(tx, deal, { revision })));
  const remember = async (deal: DealId, expected: string, revision = 0): Promise<void> => {
    expect(await story(deal)).toBe(expected);
    stories.set(deal, expected);
    told.set(`${deal} ${revision}`, await explained(deal, revision));
  };
  const holds = async (): Promise<void> => {
    expect(await acme.inTenant((tx) => recompute(tx))).toEqual({ findings: [], recomputed: told.size });
    for (const [deal, expected] of stories) expect(await story(deal)).toBe(expected);
    for (const [name, bytes] of told) {
      const [deal, revision] = name.split(' ');
      expect(await explained(deal as DealId, Number(revision))).toBe(bytes);
    }
  };

  beforeAll(async () => {
    acme = await openTestTenant();
    house = await openBrokerage(acme, { plan: { traderRebate: '30' } });
  });
  afterAll(() => acme.close());

  it('tells the journal of the four levels', async () => {
    await remember(
      await trade({ lots: '1.37' }),
      'Kim > Lena > Omar > Maria; version 1; Kim 3.836, the client 1.644, Lena 2.055, Omar 2.055, Maria 1.37',
    );
    await remember(
      await trade({ lots: '1', closedAt: ahead() }),
      'Kim > Lena > Omar > Maria; version 1; Kim 2.80, the client 1.20, Lena 1.50, Omar 1.50, Maria 1.00',
    );
    await holds();
  });

  it('whatever becomes of the tree', async () => {
    await acme.inTenant((tx) =>
      setStatus(tx, { ibId: idOf('Lena'), status: 'suspended', reason: 'papers are missing' }),
    );
    await remember(
      await trade({ closedAt: ahead() }),
      'Kim > Lena (suspended) > Omar > Maria; version 1; Kim 2.80, the client 1.20, Omar 3.00, Maria 1.00',
    );
    await acme.inTenant((tx) => moveIb(tx, { ibId: idOf('Kim'), parentId: idOf('Maria'), reason: 'works alone' }));
    await remember(await trade({ closedAt: ahead() }), 'Kim > Maria; version 1; Kim 2.80, the client 1.20, Maria 4.00');
    await holds();
  });

  it('whatever becomes of plans and agreements', async () => {
    const planId = await acme.inTenant(async (tx): Promise<Parameters<typeof agree>[1]['planId']> => {
      const { rows }: { rows: { id: string }[] } = await tx.sql.raw('select id from commissions.plans');
      return idFromUuid('pln', rows[0]?.id ?? '') as Parameters<typeof agree>[1]['planId'];
    });
    const ibKey = house.ibs.get('Kim')?.key ?? 0;
    await acme.inTenant((tx) => agree(tx, { planId, agreements: [{ ibKey, terms: [{ rate: '5.00' }] }] }));
    await remember(await trade({ closedAt: ahead() }), 'Kim > Maria; version 1; Kim 3.50, the client 1.50, Maria 3.00');
    const definition = house.seed.plans[0]?.definition;
    const [component] = definition?.components ?? [];
    await acme.inTenant(async (tx) => {
      const number = await draftVersion(tx, {
        planId,
        definition: { ...definition, components: [{ ...component, traderRebate: '0' }] },
      });
      await publishVersion(tx, { planId, number });
    });
    await remember(await trade({ closedAt: ahead() }), 'Kim > Maria; version 2; Kim 5.00, Maria 3.00');
    await holds();
  });

  it('and a deal that comes late is booked by the tree and plan of its own time', async () => {
    await remember(
      await trade({ lots: '0.5' }),
      'Kim > Lena > Omar > Maria; version 1; Kim 1.40, the client 0.60, Lena 0.75, Omar 0.75, Maria 0.50',
    );
    await holds();
  });

  it('whatever is corrected, the first booking and each revision behind it', async () => {
    const [opened, closed] = house.deal({ lots: '1', closedAt: ahead() });
    if (opened === undefined || closed === undefined) throw new Error('a position has two deals');
    await house.feed([opened, closed]);
    await house.book();
    const { rows }: { rows: { key: bigint }[] } = await acme.inTenant(async (tx) =>
      tx.sql.raw('select max(deal_key) as key from commissions.bookings'),
    );
    const deal = dealIdOf(rows[0]?.key ?? 0n);
    await remember(deal, 'Kim > Maria; version 2; Kim 5.00, Maria 3.00');
    for (const [revision, lots, expected] of [
      [1, '2', 'Kim 10.00, Maria 6.00'],
      [2, '0.5', 'Kim 2.50, Maria 1.50'],
    ] as const) {
      await house.tell([{ type: 'deal.update', deal: { ...closed, VolumeExt: String(Number(lots) * 100_000_000) } }]);
      await acme.inTenant((tx) => carryOutAmendments(tx, house.memory.books, { after: 0n }));
      await remember(deal, `Kim > Maria; version 2; ${expected}`, revision);
      await holds();
    }
  });

  it('whatever becomes of rates between currencies, symbols and groups', async () => {
    await acme.inTenant(async (tx) => {
      const at = new Date('2026-03-09T15:00:00Z');
      await importRates(tx, [{ base: EUR, quote: USD, rate: '9.99', source: 'ecb', at }]);
      await setGroups(tx, {
        server: 'Test-Live',
        groups: [{ name: 'real\\standard', lotFactor: '0.1', pays: true }],
        validFrom: new Date(),
      });
    });
    await holds();
  });

  it('but a trade without a booking has nothing to tell', async () => {
    await expect(acme.inTenant((tx) => explain(tx, dealIdOf(1n << 60n)))).rejects.toMatchObject({
      code: 'commissions.booking_unknown',
      status: 404,
    });
  });
});
