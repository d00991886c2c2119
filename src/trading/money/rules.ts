import type { MoneyKind } from './types.ts';

const BALANCE = 2;
const KINDS: ReadonlyMap<number, MoneyKind> = new Map([
  [3, 'credit'],
  [4, 'charge'],
  [5, 'correction'],
  [6, 'bonus'],
]);

/** What a money operation is, by the platform's number and the sign of its amount. */
export function moneyKindOf(action: number, amount: string): MoneyKind {
  if (action !== BALANCE) return KINDS.get(action) ?? 'other';
  return amount.startsWith('-') ? 'withdrawal' : 'deposit';
}
