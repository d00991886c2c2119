import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Resolution,
  balanceAsOf,
  balancesOf,
  entriesOf,
  hold,
  post,
  resolve,
  verifyLedger,
} from '../../src/ledger/index.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { accounts, book, freshReference, ref, transfer, usd } from './support.ts';

describe('A hold promises a transfer, which is later posted or voided', () => {
  let acme: TestTenant;
  let owner = 0;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  /** A wallet with 10 USD, of which `held` are promised to the payment provider. */
  const given = async (held: string) => {
    owner += 1;
    const books = await accounts(acme, {
      capital: ref('house_capital', 0),
      wallet: ref('client_wallet', owner),
      clearing: ref('psp_clearing', owner),
    });
    await book(acme, transfer(books.capital, books.wallet, usd('10')));
    const promise = transfer(books.wallet, books.clearing, usd(held));
    await acme.inTenant(async (tx) => hold(tx, [promise]));
    const wallet = async () => (await acme.inTenant((tx) => balancesOf(tx, [books.wallet])))[0];
    const end = (how: { outcome: 'post'; units?: bigint } | { outcome: 'void' }) => {
      const resolution: Resolution = {
        hold: { reference: promise.reference, leg: promise.leg },
        reference: freshReference(),
        leg: 0,
        ...how,
      };
      return acme.inTenant(async (tx) => resolve(tx, [resolution]));
    };
    return { ...books, promise, wallet, end };
  };
  const units = (amount: string) => usd(amount).units;

  it('keeps the balance and takes the held part of it from what is free', async () => {
    const { wallet, clearing } = await given('4');
    expect(await wallet()).toMatchObject({ balance: units('10'), held: units('4'), free: units('6'), version: 2n });
    expect(await acme.inTenant((tx) => balancesOf(tx, [clearing]))).toMatchObject([{ balance: 0n, held: units('4') }]);
  });

  it('is posted in full, in part, or voided; what is not posted is free again', async () => {
    const full = await given('4');
    await full.end({ outcome: 'post' });
    expect(await full.wallet()).toMatchObject({ balance: units('6'), held: 0n, free: units('6'), version: 3n });
    const part = await given('4');
    await part.end({ outcome: 'post', units: units('1.5') });
    expect(await part.wallet()).toMatchObject({ balance: units('8.5'), held: 0n, free: units('8.5') });
    const none = await given('4');
    await none.end({ outcome: 'void' });
    expect(await none.wallet()).toMatchObject({ balance: units('10'), held: 0n, free: units('10') });
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
  });

  it('shows each step among the entries, the balance moved by the posting only', async () => {
    const { wallet, clearing, promise, end, ...books } = await given('4');
    await end({ outcome: 'post', units: units('3') });
    const key = (await wallet())?.key ?? books.capital;
    const { entries } = await acme.inTenant((tx) => entriesOf(tx, key, { limit: 10 }));
    expect(entries.map(({ kind, units: moved, balanceAfter }) => [kind, moved, balanceAfter])).toEqual([
      ['post_pending', units('3'), units('7')],
      ['pending', units('4'), units('10')],
      ['posted', units('10'), units('10')],
    ]);
    expect(entries[1]).toMatchObject({ reference: promise.reference, counterAccount: clearing });
    expect(await acme.inTenant((tx) => balanceAsOf(tx, key, new Date('2100-01-01'), 'effective'))).toEqual(usd('7'));
  });

  it('keeps others from the held money', async () => {
    const { capital, promise, wallet } = await given('4');
    const key = (await wallet())?.key ?? capital;
    await expect(book(acme, transfer(key, capital, usd('6.000001')))).rejects.toMatchObject({
      code: 'ledger.overdrawn',
    });
    await expect(
      acme.inTenant(async (tx) => hold(tx, [{ ...promise, leg: 1, money: usd('7') }])),
    ).rejects.toMatchObject({ code: 'ledger.overdrawn' });
    await book(acme, transfer(key, capital, usd('6')));
    expect(await wallet()).toMatchObject({ balance: units('4'), free: 0n });
  });

  it('keeps them even if the same transaction would release it afterwards', async () => {
    const { capital, promise, wallet } = await given('4');
    const key = (await wallet())?.key ?? capital;
    const voided: Resolution = { hold: promise, reference: freshReference(), leg: 0, outcome: 'void' };
    const early = acme.inTenant(async (tx) => {
      post(tx, [transfer(key, capital, usd('7'))]);
      resolve(tx, [voided]);
    });
    await expect(early).rejects.toMatchObject({ code: 'ledger.overdrawn' });
    await acme.inTenant(async (tx) => {
      resolve(tx, [voided]);
      post(tx, [transfer(key, capital, usd('7'))]);
    });
    expect(await wallet()).toMatchObject({ balance: units('3'), held: 0n });
  });

  it('ends once: posted or voided before, it is refused, as are more than it holds and holds that do not exist', async () => {
    const { end, promise } = await given('4');
    await expect(end({ outcome: 'post', units: units('4.000001') })).rejects.toMatchObject({
      code: 'ledger.pending_exceeded',
    });
    await expect(end({ outcome: 'post', units: 0n })).rejects.toMatchObject({ code: 'ledger.units_invalid' });
    await end({ outcome: 'void' });
    await expect(end({ outcome: 'void' })).rejects.toMatchObject({ code: 'ledger.pending_resolved' });
    await expect(end({ outcome: 'post' })).rejects.toMatchObject({ code: 'ledger.pending_resolved' });
    const unknown = acme.inTenant(async (tx) =>
      resolve(tx, [
        { hold: { reference: 'payment/none', leg: 0 }, reference: promise.reference, leg: 9, outcome: 'void' },
      ]),
    );
    await expect(unknown).rejects.toMatchObject({
      code: 'ledger.pending_unknown',
      members: { reference: promise.reference, leg: 9 },
    });
  });

  it('ends once even if one transaction asks twice, or many ask at the same time', async () => {
    const twice = await given('4');
    const ends = (leg: number): Resolution => ({
      hold: { reference: twice.promise.reference, leg: 0 },
      reference: `${twice.promise.reference}/end`,
      leg,
      outcome: 'post',
    });
    await expect(acme.inTenant(async (tx) => resolve(tx, [ends(0), ends(1)]))).rejects.toMatchObject({
      code: 'ledger.pending_resolved',
    });
    const asked = await Promise.allSettled(
      [1, 2, 3, 4, 5, 6].map((leg) => acme.inTenant(async (tx) => resolve(tx, [ends(leg)]))),
    );
    expect(asked.filter((each) => each.status === 'fulfilled')).toHaveLength(1);
    expect(await twice.wallet()).toMatchObject({ balance: units('6'), held: 0n });
  });
});
