import type { Currency } from '../../kernel/currency.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  type AccountKey,
  type AccountRef,
  balancesOf,
  ensureAccounts,
  type NewTransfer,
  post,
} from '../../ledger/index.ts';
import type { Payable } from '../booking/types.ts';
import { type Taken, takeBack } from './rules.ts';

export type { Taken } from './rules.ts';

const PAYABLE = { ib: 'ib_payable', client: 'trader_rebate_payable' } as const;
const RECEIVABLE = { ib: 'ib_receivable', client: 'trader_rebate_receivable' } as const;

/**
 * Posts what is owed and what is taken back, other than by the plain booking of trades (`Payable.units` may be below 0; 0 is
 * passed over). Above 0: debits the commission expense, credits the payable account. Below 0: credits the expense and debits
 * the payable account as far as it is free; what it lacks is debited to the receivable account, to be netted from what the
 * beneficiary earns next. Amounts above 0 are posted first, so that they serve for those below.
 *
 * `holdSettlement` must have been called before in the transaction wherever an amount is below 0. The legs begin at 0, so a
 * reference serves one call; several calls in one transaction do not take the same money twice. Gives what was taken back.
 */
export async function postOwed(
  tx: TenantTx,
  owed: { readonly reference: string; readonly payables: readonly Payable[] },
): Promise<Taken[]> {
  const givers = owed.payables.filter(({ units }) => units > 0n);
  const takers = owed.payables.filter(({ units }) => units < 0n);
  if (givers.length + takers.length === 0) return [];
  const accountOf = await accountsFor(tx, givers, takers);
  const waiting = waitingOf(tx);
  for (const { kind, beneficiary, currency, units } of givers)
    waiting.add(accountOf(PAYABLE[kind], beneficiary, currency), units);
  const payableOf = ({ kind, beneficiary, currency }: Payable): AccountKey =>
    accountOf(PAYABLE[kind], beneficiary, currency);
  const free = await freeOn(tx, [...new Set(takers.map(payableOf))]);
  const taken = takeBack(takers, (payable) => {
    const key = payableOf(payable);
    return (free.get(key) ?? 0n) + waiting.of(key);
  });
  for (const { payable, fromPayable } of taken) waiting.add(payableOf(payable), -fromPayable);

  let leg = 0;
  const transfer = (
    debit: AccountKey,
    credit: AccountKey,
    units: bigint,
    { currency, dayMs }: Payable,
  ): NewTransfer => ({
    reference: owed.reference,
    leg: leg++,
    debit,
    credit,
    money: { units, currency },
    effectiveAt: new Date(dayMs),
  });
  const expenseIn = (currency: Currency): AccountKey => accountOf('commission_expense', 0, currency);
  post(tx, [
    ...givers.map((giver) => transfer(expenseIn(giver.currency), payableOf(giver), giver.units, giver)),
    ...taken.flatMap(({ payable, fromPayable, receivable }) => {
      const { kind, beneficiary, currency } = payable;
      const expense = expenseIn(currency);
      return [
        ...(fromPayable > 0n ? [transfer(payableOf(payable), expense, fromPayable, payable)] : []),
        ...(receivable > 0n
          ? [transfer(accountOf(RECEIVABLE[kind], beneficiary, currency), expense, receivable, payable)]
          : []),
      ];
    }),
  ]);
  return taken;
}

type AccountOf = (purpose: AccountRef['purpose'], owner: number, currency: Currency) => AccountKey;

/** All accounts that may be needed, asked for once and in one order: two transactions that make them do not deadlock. */
async function accountsFor(tx: TenantTx, givers: readonly Payable[], takers: readonly Payable[]): Promise<AccountOf> {
  const wanted = new Map<string, AccountRef>();
  const want = (ref: AccountRef): void => void wanted.set(nameOf(ref), ref);
  for (const { kind, beneficiary: owner, currency } of [...givers, ...takers]) {
    want({ purpose: 'commission_expense', owner: 0, currency });
    want({ purpose: PAYABLE[kind], owner, currency });
  }
  for (const { kind, beneficiary: owner, currency } of takers) want({ purpose: RECEIVABLE[kind], owner, currency });
  const names = [...wanted.keys()].sort();
  const keys = await ensureAccounts(
    tx,
    names.flatMap((name) => wanted.get(name) ?? []),
  );
  const made = new Map(names.map((name, place) => [name, keys[place]]));
  return (purpose, owner, currency) => {
    const key = made.get(nameOf({ purpose, owner, currency }));
    if (key === undefined) throw new Error(`the ledger has no account ${purpose} ${owner} ${currency}`);
    return key;
  };
}

const nameOf = ({ currency, purpose, owner }: AccountRef): string => `${currency} ${purpose} ${owner}`;

async function freeOn(tx: TenantTx, keys: readonly AccountKey[]): Promise<ReadonlyMap<AccountKey, bigint>> {
  if (keys.length === 0) return new Map();
  return new Map((await balancesOf(tx, keys)).map(({ key, free }) => [key, free]));
}

/** What this transaction has collected for its end: no balance shows it before. */
class Waiting {
  readonly #sums = new Map<AccountKey, bigint>();

  of(account: AccountKey): bigint {
    return this.#sums.get(account) ?? 0n;
  }

  add(account: AccountKey, units: bigint): void {
    this.#sums.set(account, this.of(account) + units);
  }
}

const waitingByTx = new WeakMap<TenantTx, Waiting>();

function waitingOf(tx: TenantTx): Waiting {
  const kept = waitingByTx.get(tx);
  if (kept !== undefined) return kept;
  const fresh = new Waiting();
  waitingByTx.set(tx, fresh);
  return fresh;
}
