import { referencesUnder, type TransferSum, transferSumsOf } from '../../ledger/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { closingDeals, type ClosingDeal } from '../../trading/index.ts';
import { verifyAwards } from '../awards/verifying.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { factsOf } from '../inputs/rules.ts';
import { type PlanBook, PlanBooks } from '../plans/store.ts';
import { pageOfBookings } from '../replay/queries.ts';
import { storedBookings } from '../replay/store.ts';
import * as queries from './queries.ts';
import { budgetsOf, Findings } from './rules.ts';
import type { BookingsVerified } from './types.ts';

/** Above every key. */
const LAST_KEY = 2n ** 63n - 1n;
const PAGE_DEFAULT = 5_000;
/** Batches whose sums are held in memory at a time. */
const BATCHES_PER_PAGE = 20;
const REFERENCE_PREFIX = 'booking_batch/';

/** The rules that one statement can judge for a page of deals. */
const rulesOfPage = {
  'commissions.conserved': queries.notConserved,
  'commissions.unpaid_has_reason': queries.reasonsMissing,
  'commissions.rebates_above_zero': queries.rebatesBelowZero,
  'commissions.revisions_without_holes': queries.revisionsBroken,
  'commissions.rows_have_booking': queries.rowsAstray,
} as const;

/**
 * Checks that every trade was booked exactly once, shared without loss, within its plan's budget, and that the ledger
 * says the same. Reads a page of deals at a time; run it in a transaction of one snapshot, or what is booked meanwhile
 * looks like a breach.
 */
export async function verifyBookings(
  tx: TenantTx,
  { page = PAGE_DEFAULT }: { readonly page?: number } = {},
): Promise<BookingsVerified> {
  const findings = new Findings();
  const { bookings, rebates } = await verifyPages(tx, page, findings);
  const trades = await verifyOnce(tx, page, findings);
  const batches = await verifyBatches(tx, findings);
  await verifyReferences(tx, page, findings);
  for (const found of await queries.countersAstray(tx, { limit: findings.room('commissions.counters_hold') }))
    findings.add('commissions.counters_hold', found);
  for (const { rule, ...found } of await verifyAwards(tx)) findings.add(rule, found);
  return { findings: findings.all, checked: { trades, bookings, rebates, batches } };
}

/** Conservation, reasons, revisions and budgets, page by page; the last page reaches to the end, for rows that are astray. */
async function verifyPages(
  tx: TenantTx,
  limit: number,
  findings: Findings,
): Promise<{ bookings: number; rebates: number }> {
  const book = await new PlanBooks().read(tx);
  let after = 0n;
  let bookings = 0;
  let rebates = 0;
  for (;;) {
    const [page] = await pageOfBookings(tx, { after, limit });
    const upTo = page?.upTo ?? LAST_KEY;
    for (const [rule, look] of Object.entries(rulesOfPage))
      for (const found of await look(tx, { after, upTo, limit: findings.room(rule) })) findings.add(rule, found);
    if (upTo === LAST_KEY) return { bookings, rebates };
    bookings += page?.bookings ?? 0;
    rebates += await verifyBudgets(tx, book, { after, upTo }, findings);
    after = upTo;
  }
}

/** No component of a trade's plan cost more than its budget; gives how many rebates were added up. */
async function verifyBudgets(
  tx: TenantTx,
  book: PlanBook,
  range: { readonly after: bigint; readonly upTo: bigint },
  findings: Findings,
): Promise<number> {
  const bookings = new Map((await storedBookings(tx, range)).map((stored) => [stored.booking.dealKey, stored]));
  let rebates = 0;
  let budgets: { readonly dealKey: bigint; readonly units: readonly bigint[] } | undefined;
  for (const shared of await queries.sharesOfComponents(tx, range)) {
    rebates += shared.rebates;
    const { trade, booking } = bookings.get(shared.dealKey) ?? {};
    if (trade === undefined || booking === undefined) continue; // What is not there is another rule's finding.
    if (budgets?.dealKey !== shared.dealKey) {
      const version = booking.planVersionKey === null ? undefined : book.versionOfKey(booking.planVersionKey);
      budgets = {
        dealKey: shared.dealKey,
        units:
          version === undefined
            ? []
            : budgetsOf(version.plan, factsOf(trade, undefined, booking.execution ?? undefined, version.plan.counts)),
      };
    }
    const budget = budgets.units[shared.component] ?? 0n;
    if (shared.units > budget)
      findings.add('commissions.within_budget', {
        subject: `deal ${shared.dealKey}`,
        detail: `component ${shared.component} shares ${shared.units} units, the plan's budget gives ${budget}`,
      });
  }
  return rebates;
}

/** Every closing deal is due, parked, not eligible or booked, and only one of these; every booking has its deal. */
async function verifyOnce(tx: TenantTx, page: number, findings: Findings): Promise<number> {
  let after = 0n;
  let trades = 0;
  for (;;) {
    const deals = await closingDeals(tx, { after, limit: page });
    const limit = deals.length + page;
    const upTo = deals.length < page ? LAST_KEY : (deals.at(-1)?.dealKey ?? LAST_KEY);
    const booked = (await queries.bookedDeals(tx, { after, upTo, limit })).map(({ dealKey }) => dealKey);
    const end = booked.length < limit ? upTo : (booked.at(-1) ?? upTo); // More bookings than deals: the rest is the next page's.
    const seen = deals.filter(({ dealKey }) => dealKey <= end);
    compare(seen, booked, findings);
    trades += seen.length;
    if (end === LAST_KEY) return trades;
    after = end;
  }
}

function compare(deals: readonly ClosingDeal[], booked: readonly bigint[], findings: Findings): void {
  const states = new Map(deals.map(({ dealKey, state }) => [dealKey, state]));
  const opening = new Set(deals.filter(({ opens }) => opens).map(({ dealKey }) => dealKey)); // No trade where its plan does not count it.
  for (const dealKey of booked) {
    const subject = `deal ${dealKey}`;
    const state = states.get(dealKey);
    if (state === undefined)
      findings.add('commissions.deal_exists', { subject, detail: 'is booked, and there is no such closing deal' });
    else if (state !== 'handed_on')
      findings.add('commissions.booked_is_settled', {
        subject,
        detail: state === 'unpaid' ? 'is booked, and never earns' : `is booked, and ${state} at once`,
      });
    states.delete(dealKey);
  }
  for (const [dealKey, state] of states)
    if (state === 'handed_on' && !opening.has(dealKey))
      findings.add('commissions.none_missing', {
        subject: `deal ${dealKey}`,
        detail: 'is neither due nor parked, and was never booked',
      });
}

/** Each batch has the bookings that it says, and moved in the ledger what its rebates add up to; gives how many there are. */
async function verifyBatches(tx: TenantTx, findings: Findings): Promise<number> {
  let after = 0n;
  let batches = 0;
  for (;;) {
    const keys = (await queries.pageOfBatches(tx, { after, limit: BATCHES_PER_PAGE })).map(({ key }) => key);
    const upTo = keys.at(-1) ?? LAST_KEY;
    const rule = 'commissions.batch_complete';
    for (const found of await queries.batchesIncomplete(tx, { after, upTo, limit: findings.room(rule) }))
      findings.add(rule, found);
    if (upTo === LAST_KEY) return batches;
    await compareWithLedger(tx, { after, upTo, keys }, findings);
    batches += keys.length;
    after = upTo;
  }
}

async function compareWithLedger(
  tx: TenantTx,
  { after, upTo, keys }: { readonly after: bigint; readonly upTo: bigint; readonly keys: readonly bigint[] },
  findings: Findings,
): Promise<void> {
  const sums = new Map<string, { owed: bigint; moved: bigint }>();
  const at = (name: string): { owed: bigint; moved: bigint } => {
    const known = sums.get(name) ?? { owed: 0n, moved: 0n };
    sums.set(name, known);
    return known;
  };
  for (const { batchKey, kind, beneficiary, currency, units } of await queries.owedByBatches(tx, { after, upTo }))
    at(`${REFERENCE_PREFIX}${batchKey} ${payableOf(kind)} of ${beneficiary} in ${currency ?? 'no currency'}`).owed +=
      units;
  for (const sum of await transferSumsOf(
    tx,
    keys.map((key) => `${REFERENCE_PREFIX}${key}`),
  ))
    at(nameOf(sum)).moved += isTakenBack(sum) ? -sum.units : sum.units;
  for (const [name, { owed, moved }] of sums)
    if (owed !== moved)
      findings.add('commissions.equals_ledger', {
        subject: name,
        detail: `the rebates add up to ${owed} units, the ledger moved ${moved}`,
      });
}

const payableOf = (kind: number): string =>
  kind === KIND_NUMBERS.ib ? 'ib_payable' : kind === KIND_NUMBERS.client ? 'trader_rebate_payable' : `kind ${kind}`;

/** What is taken back is a part of what is owed, whether it was there still or is a receivable now. */
const PAYABLES: Readonly<Record<string, string>> = {
  ib_payable: 'ib_payable',
  ib_receivable: 'ib_payable',
  trader_rebate_payable: 'trader_rebate_payable',
  trader_rebate_receivable: 'trader_rebate_payable',
};

const isTakenBack = ({ creditPurpose, creditOwner, debitPurpose }: TransferSum): boolean =>
  creditPurpose === 'commission_expense' && creditOwner === 0 && PAYABLES[debitPurpose] !== undefined;

/** A transfer that the commission expense has no part in stands for itself: no rebate will equal it. */
const nameOf = (sum: TransferSum): string =>
  isTakenBack(sum)
    ? `${sum.reference} ${PAYABLES[sum.debitPurpose]} of ${sum.debitOwner} in ${sum.currency}`
    : sum.debitPurpose === 'commission_expense' && sum.debitOwner === 0
      ? `${sum.reference} ${sum.creditPurpose} of ${sum.creditOwner} in ${sum.currency}`
      : `${sum.reference} from ${sum.debitPurpose} of ${sum.debitOwner} to ${sum.creditPurpose} of ${sum.creditOwner} in ${sum.currency}`;

/** No transfer names a batch that does not exist. */
async function verifyReferences(tx: TenantTx, limit: number, findings: Findings): Promise<void> {
  let after = '';
  for (;;) {
    const references = await referencesUnder(tx, REFERENCE_PREFIX, { after, limit });
    const keys = references.flatMap((reference) => keyOf(reference) ?? []);
    const known = new Set((await queries.batchesNamed(tx, { keys })).map(({ key }) => `${REFERENCE_PREFIX}${key}`));
    for (const reference of references)
      if (!known.has(reference))
        findings.add('commissions.transfers_have_batch', {
          subject: reference,
          detail: 'names a batch that does not exist',
        });
    const last = references.at(-1);
    if (last === undefined || references.length < limit) return;
    after = last;
  }
}

const keyOf = (reference: string): bigint | undefined => {
  const digits = reference.slice(REFERENCE_PREFIX.length);
  return /^\d{1,18}$/.test(digits) ? BigInt(digits) : undefined;
};
