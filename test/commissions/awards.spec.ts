import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientKeys, listClients } from '../../src/clients/index.ts';
import { award, type NewAward, verifyBookings } from '../../src/commissions/index.ts';
import { verifyLedger } from '../../src/ledger/index.ts';
import { onlyRow, query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { EUR, USD, usd } from '../ledger/support.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const counts = query(
  'test.award_counts',
  z.object({ awards: z.int(), batches: z.int(), transfers: z.int(), events: z.int() }),
  `
  select (select count(*)::int from commissions.awards) as awards,
         (select count(*)::int from commissions.batches where kind = 'award') as batches,
         (select count(*)::int from ledger.transfers) as transfers,
         (select count(*)::int from platform.events where type = 'commissions.awarded') as events`,
);
const entries = query(
  'test.award_entries',
  z.object({ kind: z.int(), beneficiary: z.int(), units: z.bigint() }),
  `select kind, beneficiary, units from commissions.entries where source = 'award' and source_key = :key order by kind, beneficiary`,
);

describe('An award', () => {
  let acme: TestTenant;
  let brokerage: Brokerage;
  let clientKey = 0;
  const ib = (name: string): number => brokerage.ibs.get(name)?.key ?? 0;
  beforeAll(async () => {
    acme = await openTestTenant();
    brokerage = await openBrokerage(acme);
    const [client] = await acme.inTenant((tx) => listClients(tx, { offset: 0, limit: 1 }));
    if (client === undefined) throw new Error('no client');
    clientKey = (await acme.inTenant((tx) => clientKeys(tx, [client.id]))).get(client.id) ?? 0;
  });
  afterAll(() => acme.close());

  const awardOf = (words: Partial<NewAward> = {}): NewAward => ({
    kind: 'dispute',
    planVersionKey: null,
    component: 0,
    clientKey,
    ibKey: ib('Kim'),
    currency: USD,
    earnedAt: new Date('2026-03-10T10:00:00Z'),
    units: usd('10').units,
    inputs: { why: 'a dispute' },
    parts: [
      { kind: 'ib', beneficiary: ib('Kim'), depth: 0, units: usd('6').units },
      { kind: 'client', beneficiary: clientKey, depth: 0, units: usd('1').units },
    ],
    ...words,
  });
  const give = (...awards: NewAward[]) => acme.inTenant((tx) => award(tx, awards));
  const counted = async () => onlyRow(await acme.inTenant((tx) => counts(tx, {})));

  it('is a batch, its parts with the rest for the house, transfers of what is owed, and one event', async () => {
    const before = await counted();
    const [made] = await give(awardOf(), awardOf());
    expect(made?.wasThere).toBe(false);
    expect(await acme.inTenant((tx) => entries(tx, { key: made?.key ?? 0n }))).toEqual([
      { kind: 1, beneficiary: ib('Kim'), units: usd('6').units },
      { kind: 2, beneficiary: clientKey, units: usd('1').units },
      { kind: 3, beneficiary: 0, units: usd('3').units },
    ]);
    const { awards, batches, transfers, events } = await counted();
    expect([
      awards - before.awards,
      batches - before.batches,
      transfers - before.transfers,
      events - before.events,
    ]).toEqual([2, 1, 2, 1]);
  });

  it('is given once where it has a name, also when two give it at once', async () => {
    const named = awardOf({ once: 'step 60 of a client' });
    const both = await Promise.all([give(named), give(named, awardOf())]);
    const keys = both.map(([first]) => first?.key);
    expect(keys[0]).toBe(keys[1]);
    expect(both.filter(([first]) => first?.wasThere === true)).toHaveLength(1);
    const before = await counted();
    expect(await give(named)).toEqual([{ key: keys[0], wasThere: true }]);
    expect(await counted()).toEqual(before);
  });

  it('takes back, and gives and takes at once, by signed parts', async () => {
    const part = (name: string, amount: string) => ({
      kind: 'ib' as const,
      beneficiary: ib(name),
      depth: 0,
      units: usd(amount).units,
    });
    await give(
      awardOf({ kind: 'clawback', units: usd('-3').units, parts: [part('Kim', '-2')] }),
      awardOf({ units: usd('1').units, parts: [part('Kim', '-1'), part('Maria', '2')] }),
    );
    const { findings } = await acme.inTenant((tx) => verifyBookings(tx));
    expect(findings).toEqual([]);
    expect(await acme.inTenant((tx) => verifyLedger(tx))).toEqual([]);
  });

  it.each<[string, () => Partial<NewAward>, string]>([
    ['nothing', () => ({ units: 0n, parts: [] }), 'commissions.award_invalid'],
    ['what lies ahead', () => ({ earnedAt: new Date('2999-01-01') }), 'commissions.award_invalid'],
    ['an instant that is none', () => ({ earnedAt: new Date(Number.NaN) }), 'commissions.award_invalid'],
    ['an empty name', () => ({ once: '' }), 'commissions.award_invalid'],
    [
      'a part of 0',
      () => ({ parts: [{ kind: 'ib', beneficiary: ib('Kim'), depth: 0, units: 0n }] }),
      'commissions.award_invalid',
    ],
    [
      'two parts of one',
      () => ({ parts: [1n, 2n].map((units) => ({ kind: 'ib', beneficiary: ib('Kim'), depth: 0, units })) }),
      'commissions.award_invalid',
    ],
    [
      'more than there is',
      () => ({ parts: [{ kind: 'ib', beneficiary: ib('Kim'), depth: 0, units: usd('11').units }] }),
      'commissions.award_exceeded',
    ],
    [
      'more taken back than there is',
      () => ({ units: -1n, parts: [{ kind: 'ib', beneficiary: ib('Kim'), depth: 0, units: -2n }] }),
      'commissions.award_exceeded',
    ],
    ['more than a ledger holds', () => ({ units: 2n ** 64n }), 'commissions.earning_too_large'],
    [
      'somebody who is not there',
      () => ({ parts: [{ kind: 'ib', beneficiary: 99_999, depth: 0, units: 1n }] }),
      'commissions.award_party_unknown',
    ],
    ['a client who is not there', () => ({ clientKey: 99_999 }), 'commissions.award_party_unknown'],
    ['another currency than its plan', () => ({ planVersionKey: 1, currency: EUR }), 'commissions.award_currency'],
    ['a plan version that is not there', () => ({ planVersionKey: 99 }), 'commissions.award_currency'],
  ])('refuses %s, and nothing of it is written', async (_what, words, code) => {
    const before = await counted();
    await expect(give(awardOf(), awardOf(words()))).rejects.toMatchObject({ code });
    expect(await counted()).toEqual(before);
  });

  it('is found when somebody changed it by hand', async () => {
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
      pool.raw(`
        alter table commissions.award_rebates disable trigger append_only;
        update commissions.award_rebates set units = units + 1 where kind = 3 and award_key = 1;
        alter table commissions.award_rebates enable trigger append_only`),
    );
    const { findings } = await acme.inTenant((tx) => verifyBookings(tx));
    expect(findings.map(({ rule }) => rule)).toEqual(['commissions.awards_conserved']);
  });
});
