import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { RawDeal } from '../../src/trading/index.ts';
import type { Random } from '../../simulators/mt-server/index.ts';
import type { Broker } from './support/broker.ts';
import { mend, rerunAll, spoiled } from './support/poison.ts';
import { rounds, runsAll } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';

const TRADES = runsAll ? 20_000 : 1_000;
const POISONED_TRADES = runsAll ? 100_000 : 5_000;
const PART = 10_000;
const WORKERS = 4;
const PASSES = 10;
const SENDERS = 3;

describe('The feed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await Promise.all([
      stage.start('api'),
      stage.start('relay'),
      ...Array.from({ length: WORKERS }, () => stage.start('worker')),
    ]);
  });
  afterAll(() => stage.close());

  const sentence = `adds no row when a day comes ten times, in whatever order and overlap, with ${WORKERS} workers`;
  rounds('A17', sentence, { few: 1, all: 1, roundMsMax: 600_000 }, async ({ random }) => {
    const { acme, port } = stage;
    const day = acme.market.trades(TRADES);
    await acme.push(port, day);
    await settled(stage);
    const rows = await rowsOf(acme);
    const startedMs = performance.now();
    for (let pass = 1; pass < PASSES; pass += 1)
      await Promise.all(Array.from({ length: SENDERS }, () => replay(acme, port, shuffled(day, random), random)));
    await settled(stage);
    expect(await rowsOf(acme)).toEqual(rows);
    await checkRules(stage);
    return { recoveryMs: (performance.now() - startedMs) / (PASSES - 1) };
  });

  rounds(
    'A17',
    'takes a day that comes shuffled the first time: closes before their opens',
    { few: 1, all: 3, roundMsMax: 300_000 },
    async ({ random }) => {
      const { acme, port } = stage;
      const { ofOneOpen, others } = byOpens(acme.market.trades(TRADES));
      await acme.push(port, others);
      await Promise.all(Array.from({ length: SENDERS }, () => replay(acme, port, shuffled(ofOneOpen, random), random)));
      const recoveryMs = await settled(stage);
      await checkRules(stage);
      return { recoveryMs };
    },
  );

  const sentence18 = 'parks poison with reasons while all else is booked, and books it once when the mapping is mended';
  rounds('A18', sentence18, { few: 1, all: 1, roundMsMax: 900_000 }, async ({ random }) => {
    const { acme, port } = stage;
    const parked = new Map<string, string>();
    const startedMs = performance.now();
    for (let sent = 0; sent < POISONED_TRADES; sent += PART)
      await acme.push(port, spoiled(acme.market.trades(Math.min(PART, POISONED_TRADES - sent)), parked, random));
    await settled(stage);
    const recoveryMs = performance.now() - startedMs;
    expect(parked.size).toBeGreaterThan(POISONED_TRADES / 200);
    await checkRules(stage, { parked }); // All good ones are booked, and only they.

    const mended = await mend(acme);
    for (const [ticket, code] of parked) {
      const facts = mended.get(code);
      if (facts === undefined) continue;
      acme.market.amend(ticket, facts);
      parked.delete(ticket);
    }
    await rerunAll(acme);
    await rerunAll(acme); // Nothing happens twice.
    await settled(stage);
    await checkRules(stage, { parked, thoroughly: true });
    return { recoveryMs };
  });
});

/** Sends deals in batches of any size, every now and then one of them twice. */
async function replay(acme: Broker, port: number, deals: readonly RawDeal[], random: Random): Promise<void> {
  const bridge = acme.bridge(port);
  for (let from = 0; from < deals.length;) {
    const size = random.whole(300, 1_000);
    const lines = deals.slice(from, from + size).map((deal) => ({ type: 'deal.add' as const, deal }));
    const batch = randomUUID();
    await bridge.push(lines, batch);
    if (random.chance(0.1)) await bridge.push(lines, batch);
    from += size;
  }
}

/**
 * Deals of positions that were opened by one deal at most, and all others. Where a position grows or turns over, a close is booked
 * by the opens known then; what an earlier one changes that comes later is for corrections to settle.
 */
function byOpens(deals: readonly RawDeal[]): { ofOneOpen: RawDeal[]; others: RawDeal[] } {
  const opens = new Map<unknown, number>();
  for (const deal of deals)
    if (deal['Entry'] !== 1)
      opens.set(deal['PositionID'], (opens.get(deal['PositionID']) ?? 0) + (deal['Entry'] === 0 ? 1 : 2));
  const isOfOne = (deal: RawDeal): boolean => (opens.get(deal['PositionID']) ?? 0) <= 1;
  return { ofOneOpen: deals.filter(isOfOne), others: deals.filter((deal) => !isOfOne(deal)) };
}

function shuffled(deals: readonly RawDeal[], random: Random): RawDeal[] {
  const mixed = [...deals];
  for (let place = mixed.length - 1; place > 0; place -= 1) {
    const other = random.whole(0, place);
    const [left, right] = [mixed[place], mixed[other]];
    if (left === undefined || right === undefined) continue;
    mixed[place] = right;
    mixed[other] = left;
  }
  return mixed;
}

/** How many rows there are of everything that a replay must not add to, and what the balances are. The receipts of batches are its own. */
const rowsOf = ({ rows }: Broker): Promise<unknown[]> =>
  rows(`
    select (select count(*) from trading.deals) as deals, (select count(*) from trading.due) as due,
           (select count(*) from trading.parked) as parked, (select count(*) from commissions.bookings) as bookings,
           (select count(*) from commissions.batches) as batches, (select count(*) from commissions.rebates) as rebates,
           (select count(*) from commissions.unpaid) as unpaid, (select count(*) from ledger.transfers) as transfers,
           (select count(*) from platform.events) as events,
           (select sum(units) from commissions.rebates) as units,
           (select string_agg(key || ' ' || posted_debits || ' ' || posted_credits, ',' order by key) from ledger.accounts) as balances`);
