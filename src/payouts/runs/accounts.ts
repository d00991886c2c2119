import type { Currency } from '../../kernel/currency.ts';
import { type AccountKey, type AccountRef, ensureAccounts, type NewTransfer } from '../../ledger/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Due, Run, Settlement } from './types.ts';

/** What is owed to each kind of beneficiary, and where it is paid to. */
export const PAYABLE = { ib: 'ib_payable', client: 'trader_rebate_payable' } as const;
export const WALLET = { ib: 'ib_wallet', client: 'client_wallet' } as const;

/** By what an item's transfers are named: one name for each run and statement, so that none is posted twice. */
export const referenceOf = ({ runId, itemId }: { readonly runId: string; readonly itemId: string }): string =>
  `payout/${runId}/${itemId}`;

type AccountOf = (ref: AccountRef) => AccountKey;
const nameOf = ({ currency, purpose, owner }: AccountRef): string => `${currency} ${purpose} ${owner}`;

const payableOf = ({ party, currency }: Due): AccountRef => ({
  purpose: PAYABLE[party.kind],
  owner: party.key,
  currency,
});
const walletOf = ({ party, walletCurrency: currency }: Due): AccountRef => ({
  purpose: WALLET[party.kind],
  owner: party.key,
  currency,
});
const exchangeIn = (currency: Currency): AccountRef => ({ purpose: 'currency_exchange', owner: 0, currency });

/** All accounts that are needed, asked for once and in one order: two transactions that make them do not deadlock. */
export async function accountsFor(tx: TenantTx, settlements: readonly Settlement[]): Promise<AccountOf> {
  const wanted = new Map<string, AccountRef>();
  for (const settlement of settlements) {
    if (settlement.kind === 'unpaid') continue;
    const { due, conversion } = settlement;
    const refs = [payableOf(due), walletOf(due)];
    if (conversion !== null) refs.push(exchangeIn(due.currency), exchangeIn(due.walletCurrency));
    for (const ref of refs) wanted.set(nameOf(ref), ref);
  }
  const names = [...wanted.keys()].sort();
  const keys = await ensureAccounts(
    tx,
    names.flatMap((name) => wanted.get(name) ?? []),
  );
  const made = new Map(names.map((name, place) => [name, keys[place]]));
  return (ref) => {
    const key = made.get(nameOf(ref));
    if (key === undefined) throw new Error(`the ledger has no account ${nameOf(ref)}`);
    return key;
  };
}

/** Payable to wallet; where the wallet has another currency through the house's exchange account, each currency by itself. */
export function transfersOf(run: Run, settlement: Settlement, accountOf: AccountOf): NewTransfer[] {
  if (settlement.kind === 'unpaid') return [];
  const { due, walletUnits, conversion } = settlement;
  const { currency, walletCurrency, payableUnits } = due;
  const reference = referenceOf({ runId: run.id, itemId: due.id });
  const [payable, wallet] = [accountOf(payableOf(due)), accountOf(walletOf(due))];
  const money = { units: payableUnits, currency };
  if (conversion === null) return [{ reference, leg: 0, debit: payable, credit: wallet, money }];
  return [
    { reference, leg: 0, debit: payable, credit: accountOf(exchangeIn(currency)), money },
    {
      reference,
      leg: 1,
      debit: accountOf(exchangeIn(walletCurrency)),
      credit: wallet,
      money: { units: walletUnits, currency: walletCurrency },
    },
  ];
}
