import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AccountKey, balancesOf, ensureAccounts, entriesOf, verifyLedger } from '../../src/ledger/index.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { EUR, book, freshReference, ref, transfer, usdUnits } from './support.ts';

const OWNERS = 40;

/**
 * A batch of rebates debits one account in favour of many others. The ledger has a shorter way for that; whoever books one
 * transfer more that is none of the fan takes the general way.
 */
describe('One account debited in favour of many', () => {
  let acme: TestTenant;
  let sides: { readonly short: readonly AccountKey[]; readonly general: readonly AccountKey[] };
  beforeAll(async () => {
    acme = await openTestTenant();
    const open = (
      purposes: readonly ['commission_expense' | 'fee_income', 'ib_payable' | 'ib_wallet'],
    ): Promise<AccountKey[]> =>
      acme.inTenant((tx) =>
        ensureAccounts(tx, [
          ref(purposes[0], 0),
          ...Array.from({ length: OWNERS }, (_none, owner) => ref(purposes[1], owner + 1)),
        ]),
      );
    sides = {
      short: await open(['commission_expense', 'ib_payable']),
      general: await open(['fee_income', 'ib_wallet']),
    };
  });
  afterAll(() => acme.close());

  const keyOf = (side: keyof typeof sides, place: number): AccountKey => {
    const key = sides[side][place];
    if (key === undefined) throw new RangeError(`no account at place ${place}`);
    return key;
  };
  const fan = (side: keyof typeof sides, owners: readonly number[], units: readonly bigint[]) => {
    const reference = freshReference();
    return owners.map((owner, leg) =>
      transfer(keyOf(side, 0), keyOf(side, owner + 1), usdUnits(units[leg] ?? 1n), { reference, leg }),
    );
  };

  it('leaves the same balances, versions and entries as the general way', async () => {
    const owners = fc.uniqueArray(fc.nat({ max: OWNERS - 1 }), { minLength: 8, maxLength: OWNERS });
    const units = fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: OWNERS, maxLength: OWNERS });
    const [, other] = await acme.inTenant((tx) =>
      ensureAccounts(tx, [ref('house_capital', 0), ref('client_wallet', 1)]),
    );
    await fc.assert(
      fc.asyncProperty(owners, units, async (chosen, amounts) => {
        await book(acme, ...fan('short', chosen, amounts));
        const stray = transfer(keyOf('general', 0), other ?? keyOf('general', 1), usdUnits(1n), {
          reference: freshReference(),
          leg: 7,
        });
        await book(acme, ...fan('general', chosen, amounts), stray);
      }),
      { numRuns: 15 },
    );
    const [short, general] = await acme.inTenant(async (tx) => [
      await balancesOf(tx, sides.short),
      await balancesOf(tx, sides.general),
    ]);
    const seen = (each: (typeof short)[number] | undefined) => each && [each.balance, each.held, each.version];
    expect(short.slice(1).map(seen)).toEqual(general.slice(1).map(seen));
    expect(short[0]?.balance).toBe(short.slice(1).reduce((sum, each) => sum + each.balance, 0n));
    const history = (key: AccountKey) =>
      acme.inTenant(async (tx) => (await entriesOf(tx, key, { limit: 1_000 })).entries);
    for (const owner of [1, 7, OWNERS]) {
      const told = (entries: Awaited<ReturnType<typeof history>>) =>
        entries.map((entry) => [entry.version, entry.side, entry.units, entry.balanceAfter]);
      expect(told(await history(keyOf('short', owner)))).toEqual(told(await history(keyOf('general', owner))));
    }
    expect(await acme.inTenant((tx) => verifyLedger(tx))).toEqual([]);
  });

  it.each([
    ['an account that is not there', 'ledger.account_unknown'],
    ['an account of another currency', 'ledger.currency_mismatch'],
    ['no units', 'ledger.units_invalid'],
    ['more than a ledger can hold', 'ledger.overflow'],
    ['a reference that is booked already', 'ledger.already_posted'],
  ])('refuses %s, names it, and books nothing of the batch', async (words, code) => {
    const owners = Array.from({ length: 12 }, (_none, owner) => owner);
    const before = await acme.inTenant((tx) => balancesOf(tx, sides.short));
    const [euro] = await acme.inTenant((tx) => ensureAccounts(tx, [ref('ib_payable', 5, EUR)]));
    const batch = fan('short', owners, []);
    const spoilt = batch.map((each, place) => {
      if (place !== 9) return each;
      if (code === 'ledger.account_unknown') return { ...each, credit: 999_999 as AccountKey };
      if (code === 'ledger.currency_mismatch') return { ...each, credit: euro ?? each.credit };
      if (code === 'ledger.units_invalid') return { ...each, money: usdUnits(0n) };
      if (code === 'ledger.overflow') return { ...each, money: usdUnits(2n ** 63n - 1n) };
      return each;
    });
    if (code === 'ledger.already_posted') await book(acme, ...batch);
    const reached =
      code === 'ledger.already_posted' ? await acme.inTenant((tx) => balancesOf(tx, sides.short)) : before;
    await expect(book(acme, ...spoilt), words).rejects.toMatchObject({ code });
    expect(await acme.inTenant((tx) => balancesOf(tx, sides.short))).toEqual(reached);
  });

  it('takes nothing off the debited account that it gives to no other, whatever lists it is called with', async () => {
    const before = await acme.inTenant((tx) => balancesOf(tx, sides.short));
    const [debit, one, two] = [keyOf('short', 0), keyOf('short', 1), keyOf('short', 2)];
    const lists = [
      [`{${one},${two}}`, '{5,5,5}'],
      [`{${one},${two}}`, '{5}'],
      [`{${one},${one}}`, '{5,5}'],
      [`{${one},${two}}`, '{5,null}'],
      [`{${one},null}`, '{5,5}'],
      [`{${one},${debit}}`, '{5,5}'],
    ] as const;
    for (const [credits, units] of lists) {
      const called = acme.inTenant(({ sql }) =>
        sql.raw(`select ledger.post_fan(?, ?::integer[], ?::bigint[], 'USD', null, ?)`, [
          debit,
          credits,
          units,
          freshReference(),
        ]),
      );
      await expect(called, `${credits} ${units}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:LG|23)/) as unknown,
      });
    }
    expect(await acme.inTenant((tx) => balancesOf(tx, sides.short))).toEqual(before);
    expect(await acme.inTenant((tx) => verifyLedger(tx))).toEqual([]);
  });
});
