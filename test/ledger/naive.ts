/** A step of a transaction: accounts by their number (0 and 1 may overdraw), a hold by the order of its making. */
export type Move = { readonly from: number; readonly to: number; readonly units: bigint; readonly day: number };
export type Action =
  | ({ readonly does: 'post' | 'hold' } & Move)
  | { readonly does: 'end'; readonly hold: number; readonly units: bigint | 'all' | 'none'; readonly day: number };
export type Name = { readonly reference: string; readonly leg: number };

export const ACCOUNTS = 6;

type Book = {
  debits: bigint;
  credits: bigint;
  outgoing: bigint;
  steps: { after: bigint; change: bigint; day: number }[];
};
type Held = Move & { ended: boolean; readonly name: Name };

const movedBy = (units: bigint | 'all' | 'none', held: bigint): bigint =>
  units === 'all' ? held : units === 'none' ? 0n : units;

/** A ledger as one would write it first: loops over plain objects, copied before each transaction. */
export class NaiveLedger {
  #books: Book[] = Array.from({ length: ACCOUNTS }, () => ({ debits: 0n, credits: 0n, outgoing: 0n, steps: [] }));
  #holds: Held[] = [];

  /** The hold that an action means; numbers beyond the last one start again. */
  held(number: number): Held | undefined {
    return this.#holds[number % Math.max(1, this.#holds.length)];
  }

  book(account: number): Book {
    const found = this.#books[account];
    if (found === undefined) throw new Error(`no account ${account}`);
    return found;
  }

  /** Account 1 is an asset; the others count on the credit side. */
  balance(account: number): bigint {
    const { debits, credits } = this.book(account);
    return account === 1 ? debits - credits : credits - debits;
  }

  /** All or nothing: gives the code of the refusal, or undefined. Leg n of the reference is action n. */
  transaction(reference: string, actions: readonly Action[]): string | undefined {
    const kept = structuredClone({ books: this.#books, holds: this.#holds });
    const refusal = this.#refusalOfEnds(actions) ?? this.#steps(reference, actions);
    if (refusal !== undefined) [this.#books, this.#holds] = [kept.books, kept.holds];
    return refusal;
  }

  #refusalOfEnds(actions: readonly Action[]): string | undefined {
    for (const action of actions) {
      if (action.does !== 'end') continue;
      const hold = this.held(action.hold);
      if (hold === undefined) return 'ledger.pending_unknown';
      if (hold.ended) return 'ledger.pending_resolved';
      if (movedBy(action.units, hold.units) > hold.units) return 'ledger.pending_exceeded';
    }
    return undefined;
  }

  #steps(reference: string, actions: readonly Action[]): string | undefined {
    const named = actions.map((action) => (action.does === 'end' ? this.held(action.hold) : undefined)); // As before the transaction.
    let endedTwice = false;
    for (const [leg, action] of actions.entries()) {
      const hold = named[leg];
      if (hold !== undefined) {
        endedTwice ||= hold.ended;
        hold.ended = true;
      }
      if (action.does === 'hold') this.#holds.push({ ...action, ended: false, name: { reference, leg } });
      const refusal =
        action.does === 'end'
          ? hold && this.#step({ ...hold, day: action.day }, movedBy(action.units, hold.units), -hold.units)
          : this.#step(action, action.does === 'post' ? action.units : 0n, action.does === 'hold' ? action.units : 0n);
      if (refusal !== undefined) return refusal;
    }
    return endedTwice ? 'ledger.pending_resolved' : undefined;
  }

  #step(move: Move, moved: bigint, held: bigint): string | undefined {
    for (const [account, side] of [
      [move.from, 'debit'],
      [move.to, 'credit'],
    ] as const) {
      const book = this.book(account);
      const before = this.balance(account);
      if (side === 'debit') book.debits += moved;
      else book.credits += moved;
      if ((side === 'debit') !== (account === 1)) book.outgoing += held;
      book.steps.push({ after: this.balance(account), change: this.balance(account) - before, day: move.day });
      if (account > 1 && this.balance(account) - book.outgoing < 0n) return 'ledger.overdrawn';
    }
    return undefined;
  }
}
