import type { Currency } from '../../kernel/currency.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type AccountKey, type AccountRef, ensureAccounts, post } from '../../ledger/index.ts';
import { claimDue, type DueTrade, opensOf, park } from '../../trading/index.ts';
import { advanceCounters, type CountedRevision, keepStandings, standingFor } from '../counters/service.ts';
import { computeBatch } from '../engine/rules.ts';
import type { TradeInput, TradeResult } from '../engine/types.ts';
import { exceptionsIn } from '../exceptions/rules.ts';
import { inputsOf, tradesAmong } from '../inputs/store.ts';
import { missingRatesOf, ratesText } from '../inputs/wishes.ts';
import type { PlanBooks, PublishedVersion } from '../plans/store.ts';
import type { ParkCode } from '../types.ts';
import { payablesOf } from './rules.ts';
import { type Booking, type FoundAccount, insertBookings, type PayableAccounts } from './store.ts';
import { type BatchOutcome, NOTHING_BOOKED, type Payable } from './types.ts';

/** Which due trades a booking takes: the oldest, or those of the given deals that are still due. */
export type Claim = { readonly max: number; readonly dealKeys?: readonly bigint[] };

/** What a process keeps between bookings; good while nothing that it was read from changes, which is checked each time. */
export type Memory = { readonly books: PlanBooks; readonly payables: PayableAccounts };

/** What a booking tells while it works: which deals it took, so that a failure can be narrowed down. */
export type Watch = {
  readonly onClaimed?: (dealKeys: readonly bigint[]) => void;
  /** Ledger accounts that it looked up: to be remembered once the transaction is committed, for it may have made them. */
  readonly onAccounts?: (accounts: readonly FoundAccount[]) => void;
};

/**
 * Claims due trades and books them, all in the given transaction: rebates for every level of the tree as of each trade's
 * time, one ledger transfer per account and value date, one event. Trades that somebody else books right now are passed
 * over; what was booked before is no longer due, so doing it twice changes nothing.
 */
export async function bookDueTrades(
  tx: TenantTx,
  memory: Memory,
  claim: Claim,
  watch: Watch = {},
): Promise<BatchOutcome> {
  const claimed = await claimDue(tx, claim);
  watch.onClaimed?.(claimed.map((trade) => trade.dealKey));
  if (claimed.length === 0) return NOTHING_BOOKED;
  const book = await memory.books.read(tx);
  const opens = book.needsOpens
    ? await opensOf(
        tx,
        claimed.map((trade) => trade.dealKey),
      )
    : undefined;
  const { trades, inputs, versions, knownAt } = tradesAmong(await inputsOf(tx, book, claimed, { opens }));
  const standing = await standingFor(tx, book, inputs);
  const results = computeBatch(inputs, standing);
  const bookings = bookingsOf(trades, inputs, versions, results);
  const parked = results.filter((result) => result.kind === 'parked');
  if (parked.length > 0)
    await park(
      tx,
      parked.map(({ dealKey, code }) => ({ dealKey, code, detail: detailOf(code, inputs, dealKey) })),
    );
  if (bookings.length === 0) return { ...NOTHING_BOOKED, claimed: claimed.length, parked: parked.length };
  const batchKey = await insertBookings(tx, bookings, { knownAt, configurationVersion: book.version });
  if (standing !== undefined) {
    await keepStandings(tx, results.flatMap(firstCounted));
    await advanceCounters(tx, standing, inputs);
  }
  const payables = payablesOf(results.map((result, place) => ({ result, closedAtMs: trades[place]?.closedAt ?? 0 })));
  const accounts = await postPayables(tx, memory.payables, batchKey, payables);
  watch.onAccounts?.(accounts); // Not in one expression: without a listener its arguments would not be evaluated at all.
  const outcome = { ...outcomeOf(results), claimed: claimed.length };
  const exceptions = exceptionsIn(inputs, results);
  if (exceptions !== undefined)
    emit(tx, {
      stream: `booking_batch/${batchKey}`,
      type: 'commissions.exceptions_raised',
      schemaVersion: 1,
      payload: { batch: batchKey.toString(), ...exceptions },
    });
  emit(tx, {
    stream: `booking_batch/${batchKey}`,
    type: 'commissions.batch_booked',
    schemaVersion: 1,
    payload: { batch: batchKey.toString(), ...outcome },
  });
  return outcome;
}

/** What a trade saw and counted, for its first booking. */
const firstCounted = (result: TradeResult): CountedRevision[] =>
  result.kind === 'parked' || result.counted === undefined
    ? []
    : [{ dealKey: result.dealKey, revision: 0, counted: result.counted }];

/** The rates that are missing, where that is why a trade waits: whoever looks again looks for them. */
function detailOf(code: ParkCode, inputs: readonly TradeInput[], dealKey: bigint): string {
  const input = inputs.find((each) => each.dealKey === dealKey);
  return code.startsWith('commissions.rate_') && input !== undefined ? ratesText(missingRatesOf(input)) : '';
}

function bookingsOf(
  trades: readonly DueTrade[],
  inputs: readonly TradeInput[],
  versions: readonly (PublishedVersion | undefined)[],
  results: readonly TradeResult[],
): Booking[] {
  return results.flatMap((result, place): Booking[] => {
    const trade = trades[place];
    const input = inputs[place];
    if (result.kind === 'parked' || trade === undefined || input === undefined) return [];
    return [
      {
        result,
        planVersionKey: versions[place]?.key ?? null,
        ibKey: input.chain[0]?.ibKey ?? null,
        symbolKey: trade.symbolKey,
        groupKey: trade.groupKey,
        closedAtMs: trade.closedAt,
        openedAtMs: input.openedAtMs,
        execution: input.execution,
        factsKey: trade.factsKey === trade.dealKey ? null : trade.factsKey,
      },
    ];
  });
}

const PAYABLE_PURPOSES = { ib: 'ib_payable', client: 'trader_rebate_payable' } as const;

/**
 * Debits the commission expense and credits what the house owes each beneficiary: one transfer per account and value date.
 * Gives the accounts that were not known before.
 */
async function postPayables(
  tx: TenantTx,
  known: PayableAccounts,
  batchKey: bigint,
  payables: readonly Payable[],
): Promise<readonly FoundAccount[]> {
  const found: FoundAccount[] = [];
  let leg = 0;
  // In one order whatever the batch: two that make accounts in two currencies would else wait for each other.
  for (const currency of [...new Set(payables.map((payable) => payable.currency))].sort()) {
    const ofCurrency = payables.filter((payable) => payable.currency === currency);
    const accounts = await accountsOf(tx, known, ofCurrency, currency, found);
    post(
      tx,
      ofCurrency.map(({ kind, beneficiary, units, dayMs }) => ({
        reference: `booking_batch/${batchKey}`,
        leg: leg++,
        debit: accounts.expense,
        credit: accounts.keyOf(kind, beneficiary),
        money: { units, currency },
        effectiveAt: new Date(dayMs),
      })),
    );
  }
  return found;
}

/** The expense account of a currency and those of the beneficiaries; what is not known yet is asked for, and made if need be. */
async function accountsOf(
  tx: TenantTx,
  known: PayableAccounts,
  payables: readonly Payable[],
  currency: Currency,
  found: FoundAccount[],
): Promise<{ readonly expense: AccountKey; readonly keyOf: (kind: Payable['kind'], owner: number) => AccountKey }> {
  const keysOf = (purpose: AccountRef['purpose']) => known.keysOf(tx.tenantId, purpose, currency);
  const keys = {
    ib: keysOf(PAYABLE_PURPOSES.ib),
    client: keysOf(PAYABLE_PURPOSES.client),
    house: keysOf('commission_expense'),
  };
  const missing = new Map<string, AccountRef>();
  if (!keys.house.has(0)) missing.set('house 0', { purpose: 'commission_expense', owner: 0, currency });
  for (const { kind, beneficiary: owner } of payables)
    if (!keys[kind].has(owner)) missing.set(`${kind} ${owner}`, { purpose: PAYABLE_PURPOSES[kind], owner, currency });
  const made = new Map<string, AccountKey>();
  const asked = [...missing.values()];
  const given = await ensureAccounts(tx, asked);
  [...missing.keys()].forEach((name, place) => {
    const [ref, key] = [asked[place], given[place]];
    if (ref === undefined || key === undefined) throw new Error('ensureAccounts() gave fewer keys than were asked for');
    made.set(name, key);
    found.push({ ref, key });
  });
  const keyOf = (kind: keyof typeof keys, owner: number): AccountKey => {
    const key = keys[kind].get(owner) ?? made.get(`${kind} ${owner}`);
    if (key === undefined) throw new Error(`the ledger has no account ${kind} ${owner}`);
    return key;
  };
  return { expense: keyOf('house', 0), keyOf };
}

function outcomeOf(results: readonly TradeResult[]): BatchOutcome {
  const count = (kind: TradeResult['kind']): number => results.filter((result) => result.kind === kind).length;
  const rebates = results.reduce((sum, result) => sum + (result.kind === 'booked' ? result.rebates.length : 0), 0);
  return {
    claimed: results.length,
    booked: count('booked'),
    unpaid: count('unpaid'),
    parked: count('parked'),
    rebates,
  };
}
