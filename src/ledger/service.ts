import type { Problem } from '../kernel/problem.ts';
import { sqlStateOf } from '../platform/database.ts';
import { defineLateWriter } from '../platform/late.ts';
import { onlyRow } from '../platform/query.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import { ledgerProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { AccountKey, AccountRef, NewTransfer, Resolution, TransferKind, TransferName } from './types.ts';

/** A row for `ledger.post`; what a resolution leaves out is read from its hold. */
type Row = TransferName & {
  readonly kind: TransferKind;
  readonly debit: AccountKey | null;
  readonly credit: AccountKey | null;
  readonly units: bigint | null;
  readonly currency: string | null;
  readonly effectiveAt: Date | null;
  readonly hold: TransferName | null;
};

/** Balances come before events (order 2), which may tell of them. */
const collectTransfers = defineLateWriter<Row, TenantTx>('ledger.transfers', 1, write);

/**
 * Books transfers. They are collected and written, in the order given, by the last statements of the transaction; so a
 * refusal (`ledger.overdrawn`, `ledger.account_unknown`, …) fails the transaction at its commit, and balances are to be
 * read afterwards, in another. A reference and leg is booked once: again is `ledger.already_posted`.
 */
export const post = (tx: TenantTx, transfers: readonly NewTransfer[]): void =>
  collectTransfers(
    tx,
    transfers.map((transfer) => rowOf('posted', transfer)),
  );

/**
 * Promises transfers without making them: the money stays on the debited account's balance and is no longer free.
 * Written at the end of the transaction like `post`; ended by `resolve`.
 */
export const hold = (tx: TenantTx, transfers: readonly NewTransfer[]): void =>
  collectTransfers(
    tx,
    transfers.map((transfer) => rowOf('pending', transfer)),
  );

/**
 * Ends holds of earlier transactions, each once: posts all or a part of one and releases the rest, or releases all of it.
 * Fails at the commit with `ledger.pending_unknown`, `ledger.pending_resolved` or `ledger.pending_exceeded`.
 */
export const resolve = (tx: TenantTx, resolutions: readonly Resolution[]): void =>
  collectTransfers(
    tx,
    resolutions.map((resolution) => ({
      kind: resolution.outcome === 'post' ? 'post_pending' : 'void_pending',
      debit: null,
      credit: null,
      units: resolution.outcome === 'post' ? (resolution.units ?? null) : null,
      currency: null,
      effectiveAt: resolution.effectiveAt ?? null,
      reference: resolution.reference,
      leg: resolution.leg,
      hold: resolution.hold,
    })),
  );

const rowOf = (kind: 'posted' | 'pending', { money, effectiveAt, ...transfer }: NewTransfer): Row => ({
  ...transfer,
  kind,
  units: money.units,
  currency: money.currency,
  effectiveAt: effectiveAt ?? null,
  hold: null,
});

/**
 * The keys of accounts, in the order asked for; accounts that are missing are made. One round trip for any number.
 * New accounts of a transaction are waited for by others that want the same ones, and are made in one fixed order: a
 * transaction that calls this once, before it locks anything that others wait for, cannot be part of a deadlock.
 */
export async function ensureAccounts(tx: TenantTx, refs: readonly AccountRef[]): Promise<AccountKey[]> {
  if (refs.length === 0) return [];
  const asked = {
    purposes: refs.map((ref) => ref.purpose),
    owners: refs.map((ref) => ref.owner),
    currencies: refs.map((ref) => ref.currency),
  };
  try {
    const { keys } = onlyRow(await queries.ensureAccounts(tx, asked));
    return keys.map((key) => {
      if (key === null)
        throw ledgerProblem('ledger.account_unknown', { detail: 'A purpose is not in the chart of accounts' });
      return key;
    });
  } catch (error) {
    if (sqlStateOf(error) !== '23514') throw error;
    throw ledgerProblem('ledger.account_owner_invalid', {
      cause: error,
      detail: 'The house owns with 0, everybody else with a key above',
    });
  }
}

async function write(tx: TenantTx, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const fansOut = isFan(first, rows);
  const ends = rows.some((row) => row.hold !== null); // An array of nothing but nulls is left out: there are thousands of rows.
  const dated = rows.some((row) => row.effectiveAt !== null);
  const common = {
    credits: rows.map((row) => row.credit),
    units: rows.map((row) => row.units),
    effectiveAts: dated ? rows.map((row) => row.effectiveAt) : null,
  };
  try {
    if (fansOut)
      await queries.postFan(tx, {
        ...common,
        debit: first.debit,
        currency: first.currency,
        reference: first.reference,
      });
    else
      await queries.post(tx, {
        ...common,
        kinds: rows.map((row) => row.kind),
        debits: rows.map((row) => row.debit),
        currencies: rows.map((row) => row.currency),
        references: rows.map((row) => row.reference),
        legs: rows.map((row) => row.leg),
        holdReferences: ends ? rows.map((row) => row.hold?.reference ?? null) : null,
        holdLegs: ends ? rows.map((row) => row.hold?.leg ?? null) : null,
      });
  } catch (error) {
    throw problemOf(error, rows) ?? error;
  }
}

/** Fewer than this are as quick the general way. */
const FAN_MIN = 8;

/** Whether one account is debited in favour of many others, each once, under one reference: what a batch of rebates is. */
function isFan(first: Row, rows: readonly Row[]): boolean {
  if (rows.length < FAN_MIN || first.debit === null) return false;
  const accounts = new Set([first.debit]);
  return rows.every((row, place) => {
    const isOfFan =
      row.kind === 'posted' &&
      row.debit === first.debit &&
      row.currency === first.currency &&
      row.reference === first.reference &&
      row.leg === place &&
      row.credit !== null &&
      !accounts.has(row.credit);
    if (isOfFan && row.credit !== null) accounts.add(row.credit);
    return isOfFan;
  });
}

/** What `ledger.post` and `ledger.post_fan` raise, and what the tables themselves refuse underneath it. */
const codes = {
  LG001: 'ledger.units_invalid',
  LG002: 'ledger.account_unknown',
  LG003: 'ledger.currency_mismatch',
  LG004: 'ledger.overdrawn',
  LG005: 'ledger.pending_unknown',
  LG006: 'ledger.pending_resolved',
  LG007: 'ledger.pending_exceeded',
  22003: 'ledger.overflow',
  transfers_two_accounts: 'ledger.account_same',
  accounts_not_overdrawn: 'ledger.overdrawn',
  transfers_reference_once: 'ledger.already_posted',
  transfers_pending_once: 'ledger.pending_resolved',
} as const;

function problemOf(error: unknown, rows: readonly Row[]): Problem | undefined {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
  const reason = typeof constraint === 'string' ? constraint : (sqlStateOf(error) ?? '');
  if (!Object.hasOwn(codes, reason)) return undefined;
  const place = error instanceof Error && 'detail' in error ? Number(error.detail) : Number.NaN;
  const row = rows[place - 1]; // Absent where a table refused: it does not say which.
  return ledgerProblem(codes[reason as keyof typeof codes], {
    cause: error,
    ...(row && { detail: `Transfer ${row.reference}#${row.leg}`, reference: row.reference, leg: row.leg }),
  });
}
