import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClients, openAccounts } from '../../src/clients/index.ts';
import { rebatesOfAll, rebatesOfBeneficiary, rebatesOfDeal } from '../../src/commissions/rebates/queries.ts';
import { bookingsOfDeals } from '../../src/commissions/trades/queries.ts';
import { listTrades } from '../../src/commissions/trades/service.ts';
import { createIbs, linkClients } from '../../src/ib/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { pageOfEntries, pageOfLedgerAccounts } from '../../src/ledger/accounts/queries.ts';
import { reachesEverything } from '../../src/platform/access.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { parkedDeals } from '../../src/trading/due/queries.ts';
import {
  executionsOfTicket,
  tradeOfKey,
  tradesByClose,
  tradesOfLogins,
  tradesOfTicket,
} from '../../src/trading/trades/queries.ts';
import { indexesOf, planOf, sequentialReads } from '../support/plans.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const ROWS = 100_000;
/** Accounts of one trade each, before all others. */
const OLD_LOGINS = Array.from({ length: 300 }, (_none, place) => 800_000n + BigInt(place));

/** 100 000 trades of 2 000 logins, each booked with a rebate: not what a broker has, but as much of it. */
const filling = (rows: number): string[] => [
  `insert into trading.servers (name, platform, zone, shift_minutes) values ('Live', 'mt5', 'Etc/UTC', 0)`,
  `insert into trading.deals (key, ticket, login, position_id, opened_volume, closed_volume, server_time_ms, time_utc, action,
     reason, version, server_key, has_ms, ambiguous, kind, entry, handling, symbol, content_hash, raw)
   select n, n, 900000 + n % 2000, n, 0, 100000000, 1773187200000 + n * 1000,
          'epoch'::timestamptz + (1773187200000 + n * 1000) * interval '1 millisecond', 1, 0, 0, 1, true, false, 'add', 'out', 'due',
          'EURUSD', '\\x00', '{}' from generate_series(1::bigint, ${rows}) n`,
  `insert into trading.deals (key, ticket, login, position_id, opened_volume, closed_volume, server_time_ms, time_utc, action,
     reason, version, server_key, has_ms, ambiguous, kind, entry, handling, symbol, content_hash, raw)
   select ${rows} + n, ${rows} + n, 800000 + n - 1, n, 0, 100000000, 1673187200000 + n,
          'epoch'::timestamptz + (1673187200000 + n) * interval '1 millisecond', 1, 0, 0, 1, true, false, 'add', 'out', 'due',
          case when n % 10 = 1 then 'XAUUSD' else 'EURUSD' end, '\\x00', '{}' from generate_series(1::bigint, 300) n`,
  `insert into commissions.batches (trades, known_at, configuration_version) values (${rows}, now(), 1)`,
  `insert into commissions.bookings (deal_key, revision, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, earning_units)
   select n, 0, 1, 1, 1 + n % 500, 1, 1, now(), 30 from generate_series(1::bigint, ${rows}) n`,
  `insert into commissions.rebates (deal_key, revision, component, kind, beneficiary, depth, units)
   select n, 0, 0, 1 + n % 2, 1 + n % 500, 0, 10 from generate_series(1::bigint, ${rows}) n`,
  `insert into commissions.unpaid (deal_key, revision, component, reason) select n, 0, -1, 'no_plan' from generate_series(1::bigint, ${rows / 50}) n`,
  `insert into trading.parked (deal_key, code, detail) select n, 'trading.symbol_unknown', '' from generate_series(1::bigint, ${rows / 50}) n`,
  `select ledger.ensure_accounts(array_agg('ib_payable'::text), array_agg(n), array_agg('USD'::text)) from generate_series(1, ${rows / 5}) n`,
  'analyze',
];

describe('Lists of money at 100 000 trades', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, async (pool) => {
      for (const sql of filling(ROWS)) await pool.raw(sql);
    });
  });
  afterAll(() => acme.close());

  const at = { afterAt: new Date(1_773_187_200_000 + 50_000_000), afterKey: 50_000n };
  const first = { afterAt: null, afterKey: null };
  const all = { from: null, to: null, limit: 51 };
  const time = { from: new Date(1_773_187_200_000), to: new Date(1_773_187_200_000 + 60_000_000), limit: 51 };
  const few = { servers: ['Live', 'Live'], logins: [900_007n, 900_008n] };
  const begin = { afterDeal: null, afterRevision: null, afterComponent: null, afterKind: null, afterBeneficiary: null };
  const later = { afterDeal: 50_000n, afterRevision: 0, afterComponent: 0, afterKind: 1, afterBeneficiary: 8 };

  const statements: [string, string, (tx: TenantTx) => Promise<unknown>][] = [
    ['the first page of all trades', 'deals_by_close', (tx) => tradesByClose['-closedAt'](tx, { ...all, ...first })],
    ['a later page, oldest first', 'deals_by_close', (tx) => tradesByClose.closedAt(tx, { ...all, ...at })],
    ['a page of a period', 'deals_by_close', (tx) => tradesByClose['-closedAt'](tx, { ...time, ...at })],
    [
      'a page of two accounts',
      'deals_of_login_by_close',
      (tx) => tradesOfLogins['-closedAt'](tx, { ...all, ...at, ...few }),
    ],
    [
      'the trades of a ticket, newest first',
      'deals_server_key_ticket_version_key',
      (tx) => tradesOfTicket['-closedAt'](tx, { ...time, ...at, ticket: 777n }),
    ],
    [
      'the trades of a ticket, oldest first',
      'deals_server_key_ticket_version_key',
      (tx) => tradesOfTicket.closedAt(tx, { ...all, ...first, ticket: 777n }),
    ],
    [
      'the executions of a ticket',
      'deals_server_key_ticket_version_key',
      (tx) => executionsOfTicket(tx, { ticket: 777n, server: null, limit: 20 }),
    ],
    ['one trade', 'deals_pkey', (tx) => tradeOfKey(tx, { dealKey: 77_777n })],
    ['the bookings of a page', 'bookings_pkey', (tx) => bookingsOfDeals(tx, { dealKeys: [1n, 2n, 3n, 50_000n] })],
    ['the first page of all rebates', 'rebates_pkey', (tx) => rebatesOfAll(tx, { ...begin, limit: 51 })],
    ['a later page of all rebates', 'rebates_pkey', (tx) => rebatesOfAll(tx, { ...later, limit: 51 })],
    [
      'a page of one beneficiary',
      'rebates_of_beneficiary',
      (tx) => rebatesOfBeneficiary(tx, { ...later, limit: 51, beneficiary: 8, kind: 1, dealKey: null }),
    ],
    ['the rebates of a deal', 'rebates_pkey', (tx) => rebatesOfDeal(tx, { ...begin, limit: 51, dealKey: 5n })],
    ['parked deals', 'parked_', (tx) => parkedDeals(tx, { after: 5n, limit: 51, code: null })],
  ];
  it.each(statements)('%s: a range of %s', async (_words, index, run) => {
    const plan = await acme.inTenant((tx) => planOf(tx, () => run(tx)));
    const small = new Set(['servers', 'batches', 'due', 'amended', 'counting', 'corrections']);
    expect(sequentialReads(plan).filter((table) => !small.has(table ?? ''))).toEqual([]);
    const used = ['deals', 'bookings', 'rebates', 'parked'].flatMap((table) => indexesOf(plan, table));
    expect(used.filter((name) => name?.startsWith(index))).not.toEqual([]);
  });

  it('pages of an IB whose many accounts traded long ago leap over those of others, and never point to one of them', async () => {
    const subtreeOf = await acme.inTenant(async (tx) => {
      const [ib] = await createIbs(tx, [{ name: 'Ida', parent: null }]);
      const clients = await createClients(
        tx,
        OLD_LOGINS.map((login) => ({ name: `Client ${login}` })),
      );
      await openAccounts(
        tx,
        clients.map(({ key: clientKey }, place) => ({
          clientKey,
          server: 'Live',
          group: 'real',
          currency: Currency.parse('USD'),
          login: OLD_LOGINS[place] ?? 0n,
        })),
      );
      if (ib === undefined) throw new Error('an IB was to be made');
      await linkClients(
        tx,
        clients.map(({ key }) => ({ clientKey: key, ibKey: ib.key })),
      );
      return ib.id;
    });
    const reach = { ...reachesEverything, everything: false, subtreeOf };
    for (const [sort, filter] of [
      ['-closedAt', {}],
      ['closedAt', {}],
      ['-closedAt', { symbol: 'XAUUSD' }],
    ] as const) {
      const seen: bigint[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < 30; pages += 1) {
        const page = await acme.inTenant((tx) => listTrades(tx, { reach, filter, page: { limit: 100, sort, cursor } }));
        seen.push(...page.rows.map(({ trade }) => trade.login ?? 0n));
        if (page.nextCursor === null) break;
        const [, , key] = z.array(z.string()).parse(JSON.parse(Buffer.from(page.nextCursor, 'base64url').toString()));
        expect(BigInt(key ?? 0)).toBeGreaterThan(BigInt(ROWS));
        cursor = page.nextCursor;
      }
      const expected = OLD_LOGINS.filter((login) => !('symbol' in filter) || login % 10n === 0n);
      expect(seen.toSorted((left, right) => Number(left - right))).toEqual(expected);
    }
  });

  it.each([
    ['own', { everything: false, ibKey: 77, clientKey: null }, 'accounts_purpose_owner_currency_key'],
    ['all', { everything: true, ibKey: null, clientKey: null }, 'accounts_pkey'],
  ])('%s accounts of the books: a range of an index', async (_words, reached, index) => {
    const purposes = {
      ibPurposes: ['ib_payable', 'ib_wallet'],
      clientPurposes: ['client_wallet'],
      ownerPurposes: null,
    };
    const filter = { ...purposes, purpose: null, currency: null, ownerKey: null, asOf: null };
    const page = { limit: 50, sort: 'opened' } as const;
    const plan = await acme.inTenant((tx) =>
      planOf(tx, () => pageOfLedgerAccounts(tx, { ...reached, ...filter }, page)),
    );
    expect(sequentialReads(plan).filter((table) => table !== 'purposes')).toEqual([]);
    expect(indexesOf(plan, 'accounts')).toEqual([index]);
  });

  it('entries of an account: a range of its versions', async () => {
    const plan = await acme.inTenant((tx) =>
      planOf(tx, () => pageOfEntries(tx, { account: 1, below: 99n, limit: 50 })),
    );
    expect(indexesOf(plan, 'transfers').every((name) => /_account_.*_version_key$/.test(name ?? ''))).toBe(true);
  });
});
