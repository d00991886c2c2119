import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { balancesOf, ensureAccounts, entriesOf, post, verifyLedger } from '../../src/ledger/index.ts';
import { onlyRow, query } from '../../src/platform/query.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { accounts, book, ref, transfer, usd, usdUnits } from './support.ts';

const order = query(
  'test.order',
  z.object({ key: z.bigint(), sorted: z.boolean() }),
  `
  select key, posted_at >= lag(posted_at, 1, '-infinity') over (order by key) as sorted from ledger.transfers order by key`,
);
const databaseTime = query(
  'test.time',
  z.object({ now: z.date() }),
  `select date_trunc('milliseconds', clock_timestamp()) as now`,
);

describe('Many book at the same time', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant(); // Its pool has four connections.
  });
  afterAll(() => acme.close());

  it('never deadlocks: there and back between two accounts and a hot one, four connections, sums right', async () => {
    const { capital, a, b } = await accounts(acme, {
      capital: ref('house_capital', 0),
      a: ref('client_wallet', 1),
      b: ref('client_wallet', 2),
    });
    await book(acme, transfer(capital, a, usd('1000')), transfer(capital, b, usd('1000')));
    const one = usdUnits(1n);
    await Promise.all(
      Array.from({ length: 200 }, (_none, turn) =>
        turn % 2 === 0
          ? book(acme, transfer(a, b, one), transfer(capital, a, one))
          : book(acme, transfer(capital, b, one), transfer(b, a, one), transfer(b, a, one)),
      ),
    );
    const [hot, left, right] = await acme.inTenant((tx) => balancesOf(tx, [capital, a, b]));
    expect(left?.balance).toBe(1_000_000_000n - 100n + 100n + 200n);
    expect(right?.balance).toBe(1_000_000_000n + 100n + 100n - 200n);
    expect(hot).toMatchObject({ balance: -2_000_000_200n, version: 202n });
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
    expect((await acme.inTenant((tx) => order(tx, {}))).every((row) => row.sorted)).toBe(true);
  });

  it('lets exactly one of eight withdraw all there is', async () => {
    const { capital, wallet, clearing } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 3),
      clearing: ref('psp_clearing', 1),
    });
    await book(acme, transfer(capital, wallet, usd('50')));
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, () => book(acme, transfer(wallet, clearing, usd('50')))),
    );
    expect(asked.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    for (const each of asked)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'ledger.overdrawn' });
    expect(await acme.inTenant((tx) => balancesOf(tx, [wallet]))).toMatchObject([{ balance: 0n, version: 2n }]);
  });

  it('makes an account once, whoever asks for it first and in whatever order', async () => {
    const owners = Array.from({ length: 50 }, (_none, index) => 100 + index);
    const asked = await Promise.all(
      [0, 1, 2, 3].map((turn) => {
        const refs = (turn % 2 === 0 ? owners : [...owners].reverse()).map((owner) => ref('ib_payable', owner));
        return acme.inTenant(async (tx) => {
          const keys = await ensureAccounts(tx, refs);
          const [house] = await ensureAccounts(tx, [ref('commission_expense', 0)]);
          if (house !== undefined)
            post(
              tx,
              keys.map((credit) => transfer(house, credit, usdUnits(1n))),
            );
          return turn % 2 === 0 ? keys : [...keys].reverse();
        });
      }),
    );
    for (const keys of asked) expect(keys).toEqual(asked[0]);
    expect(new Set(asked[0]).size).toBe(50);
    expect((await acme.inTenant((tx) => balancesOf(tx, asked[0] ?? []))).every((each) => each.balance === 4n)).toBe(
      true,
    );
  });

  it("posts at the database's time, and never before the last one, even if that clock went back", async () => {
    const { capital, wallet } = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', 4),
    });
    const newest = async () =>
      (await acme.inTenant((tx) => entriesOf(tx, wallet, { limit: 1 }))).entries[0]?.postedAt.getTime() ?? 0;
    const before = onlyRow(await acme.inTenant((tx) => databaseTime(tx, {}))).now;
    await book(acme, transfer(capital, wallet, usd('1')));
    const after = onlyRow(await acme.inTenant((tx) => databaseTime(tx, {}))).now;
    const first = await newest();
    expect(first).toBeGreaterThanOrEqual(before.getTime());
    expect(first).toBeLessThanOrEqual(after.getTime());
    await asAdmin(acme.tenancy.provisioning, acme.tenant.database, async (pool) => {
      await pool.raw('set session_replication_role = replica'); // As if the last one had been posted an hour from now.
      await pool.raw(
        `update ledger.transfers set posted_at = posted_at + interval '1 hour' where key = (select max(key) from ledger.transfers)`,
      );
    });
    await book(acme, transfer(capital, wallet, usd('1')));
    expect(await newest()).toBe(first + 3_600_000);
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
  });
});
