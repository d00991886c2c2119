import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../src/kernel/problem.ts';
import {
  type AccountKey,
  balanceAsOf,
  balancesOf,
  ensureAccounts,
  entriesOf,
  hold,
  post,
  resolve,
  trialBalance,
  verifyLedger,
} from '../../src/ledger/index.ts';
import { type TestTenant, openTestTenant } from '../support/tenancy.ts';
import { freshReference, ref, usdUnits } from './support.ts';

/** One transaction of a run: accounts by their number (0 and 1 may overdraw), holds by the order of their making. */
type Move = { readonly from: number; readonly to: number; readonly units: bigint; readonly day: number };
type Step =
  | { readonly does: 'post' | 'hold'; readonly moves: readonly Move[] }
  | { readonly does: 'end'; readonly hold: number; readonly units: bigint | 'all' | 'none'; readonly day: number };

const ACCOUNTS = 6;
const units = fc.bigInt({ min: 1n, max: 60n });
const day = fc.integer({ min: 1, max: 28 });
const move = fc
  .record({ from: fc.nat(ACCOUNTS - 1), to: fc.nat(ACCOUNTS - 1), units, day })
  .map((each) => (each.from === each.to ? { ...each, to: (each.to + 1) % ACCOUNTS } : each));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('post' as const, 'hold' as const), moves: fc.array(move, { minLength: 1, maxLength: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('end' as const), hold: fc.nat(6), units: fc.oneof(fc.constant('all' as const), fc.constant('none' as const), units), day }) },
);

type Book = { debits: bigint; credits: bigint; outgoing: bigint; version: number; steps: { after: bigint; change: bigint; day: number }[] };
type Held = Move & { ended: boolean; readonly name: { reference: string; leg: number } };

/** A ledger as one would write it first: a loop over plain objects, copied before each transaction. */
class NaiveLedger {
  books: Book[] = Array.from({ length: ACCOUNTS }, () => ({ debits: 0n, credits: 0n, outgoing: 0n, version: 0, steps: [] }));
  holds: Held[] = [];

  /** psp_clearing (1) is an asset; the others count on the credit side. */
  balance = (account: number): bigint => {
    const { debits, credits } = this.at(account);
    return account === 1 ? debits - credits : credits - debits;
  };

  at(account: number): Book {
    const found = this.books[account];
    if (found === undefined) throw new Error(`no account ${account}`);
    return found;
  }

  /** All or nothing: gives the code of the refusal, or undefined. */
  transaction(work: () => string | undefined): string | undefined {
    const kept = structuredClone({ books: this.books, holds: this.holds });
    const refusal = work();
    if (refusal !== undefined) ({ books: this.books, holds: this.holds } = kept);
    return refusal;
  }

  step(each: Move, moved: bigint, held: bigint): string | undefined {
    for (const [account, side] of [[each.from, 'debit'], [each.to, 'credit']] as const) {
      const book = this.at(account);
      const before = this.balance(account);
      if (side === 'debit') book.debits += moved;
      else book.credits += moved;
      if ((side === 'debit') !== (account === 1)) book.outgoing += held;
      book.version += 1;
      book.steps.push({ after: this.balance(account), change: this.balance(account) - before, day: each.day });
      if (account > 1 && this.balance(account) - book.outgoing < 0n) return 'ledger.overdrawn';
    }
    return undefined;
  }
}

describe('The ledger against a naive one', () => {
  let acme: TestTenant;
  let owner = 0;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  const valueDate = (dayOfMonth: number) => new Date(Date.UTC(2026, 2, dayOfMonth));
  const refusalOf = async (work: Promise<void>): Promise<string | undefined> => {
    try {
      await work;
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  };

  const openBooks = (): Promise<AccountKey[]> => {
    owner += 1;
    return acme.inTenant((tx) =>
      ensureAccounts(tx, [
        ref('house_capital', 0),
        ref('psp_clearing', owner),
        ref('client_wallet', owner),
        ref('ib_wallet', owner),
        ref('ib_payable', owner),
        ref('trader_rebate_payable', owner),
      ]),
    );
  };

  const book = (keys: readonly AccountKey[], naive: NaiveLedger, { does, moves }: Step & { does: 'post' | 'hold' }) => {
    const reference = freshReference();
    const expected = naive.transaction(() => {
      for (const [leg, each] of moves.entries()) {
        const refusal = does === 'post' ? naive.step(each, each.units, 0n) : naive.step(each, 0n, each.units);
        if (refusal !== undefined) return refusal;
        if (does === 'hold') naive.holds.push({ ...each, ended: false, name: { reference, leg } });
      }
      return undefined;
    });
    const transfers = moves.map((each, leg) => ({
      debit: keys[each.from] ?? (0 as AccountKey),
      credit: keys[each.to] ?? (0 as AccountKey),
      money: usdUnits(each.units),
      effectiveAt: valueDate(each.day),
      reference,
      leg,
    }));
    return { expected, work: acme.inTenant(async (tx) => (does === 'post' ? post : hold)(tx, transfers)) };
  };

  const end = (naive: NaiveLedger, each: Step & { does: 'end' }) => {
    const held = naive.holds[each.hold];
    const expected = naive.transaction(() => {
      const found = naive.holds[each.hold];
      if (found === undefined) return 'ledger.pending_unknown';
      if (found.ended) return 'ledger.pending_resolved';
      const moved = each.units === 'all' ? found.units : each.units === 'none' ? 0n : each.units;
      if (moved > found.units) return 'ledger.pending_exceeded';
      found.ended = true;
      return naive.step({ ...found, day: each.day }, moved, -found.units);
    });
    const common = { hold: held?.name ?? { reference: 'none', leg: 0 }, reference: freshReference(), leg: 0, effectiveAt: valueDate(each.day) };
    const resolution =
      each.units === 'none'
        ? ({ ...common, outcome: 'void' } as const)
        : ({ ...common, outcome: 'post', ...(each.units !== 'all' && { units: each.units }) } as const);
    return { expected, work: acme.inTenant(async (tx) => resolve(tx, [resolution])) };
  };

  const compare = async (keys: readonly AccountKey[], naive: NaiveLedger): Promise<void> => {
    for (const [account, key] of keys.entries()) {
      if (account === 0) continue; // The house's account is shared by all runs.
      const { steps, outgoing, version } = naive.at(account);
      const [[found], { entries }] = await acme.inTenant(async (tx) => [await balancesOf(tx, [key]), await entriesOf(tx, key, { limit: 1_000 })] as const);
      expect(found).toMatchObject({ balance: naive.balance(account), held: outgoing, version: BigInt(version) });
      expect(entries.map((entry) => entry.balanceAfter).reverse()).toEqual(steps.map((each) => each.after));
      expect(entries.map((entry) => entry.version)).toEqual(steps.map((_each, index) => BigInt(steps.length - index)));
      for (const entry of entries) {
        const newest = entries.find((other) => other.postedAt <= entry.postedAt);
        expect((await acme.inTenant((tx) => balanceAsOf(tx, key, entry.postedAt))).units).toBe(newest?.balanceAfter);
      }
      for (const dayOfMonth of [1, 9, 17, 28]) {
        const byValueDate = steps.reduce((sum, each) => (each.day <= dayOfMonth ? sum + each.change : sum), 0n);
        expect((await acme.inTenant((tx) => balanceAsOf(tx, key, valueDate(dayOfMonth), 'effective'))).units).toBe(byValueDate);
      }
    }
    for (const options of [{}, { asOf: valueDate(14), by: 'effective' as const }, { asOf: new Date() }]) {
      const lines = await acme.inTenant((tx) => trialBalance(tx, options));
      expect(lines.reduce((sum, line) => sum + line.net, 0n)).toBe(0n);
    }
  };

  it('agrees on every refusal, balance, version and balance after, at any time, whatever is posted, held and ended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const keys = await openBooks();
        const naive = new NaiveLedger();
        for (const each of steps) {
          const { expected, work } = each.does === 'end' ? end(naive, each) : book(keys, naive, each);
          expect(await refusalOf(work)).toBe(expected);
        }
        await compare(keys, naive);
      }),
      { numRuns: 40 },
    );
    expect(await acme.inTenant(verifyLedger)).toEqual([]);
  });
});
