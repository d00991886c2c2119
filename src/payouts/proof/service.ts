import type { Currency } from '../../kernel/currency.ts';
import { PayoutItemId } from '../../kernel/ids.ts';
import { referencesUnder, transferSumsOf } from '../../ledger/index.ts';
import type { Finding } from '../../platform/events/index.ts';
import { findBreaches } from '../../platform/findings.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { closingsAfter, figuresOf } from '../closings/queries.ts';
import { figuresFromEntries } from '../closings/service.ts';
import { partyOfRow } from '../parties/service.ts';
import { PAYABLE, referenceOf, WALLET } from '../runs/accounts.ts';
import * as queries from './queries.ts';

const PAGE = 1_000;
const CLOSINGS = 50;
const FINDINGS_MAX = 100;

/** The rules of payouts that the database can say by itself. */
const rules = {
  'payouts.paid_within_stated': queries.paidBeyondStated,
  'payouts.item_is_its_statement': queries.itemsUnlikeStatements,
  'payouts.run_says_its_items': queries.runsUnlikeItems,
  'payouts.dispute_has_its_award': queries.outcomesUnlikeAwards,
};

/**
 * Checks a tenant's payouts: each payment equals its transfers in the books and no transfer is without one, no statement is
 * paid twice or beyond what it says, runs and disputes say what came of them, closed periods give the figures that were
 * kept. At most 100 findings of a rule.
 */
export async function verifyPayouts(
  tx: TenantTx,
): Promise<{ readonly findings: readonly Finding[]; readonly payments: number; readonly closings: number }> {
  const findings = await findBreaches(tx, rules);
  const { found, payments } = await unlikeTransfers(tx);
  const strays = await straysOf(tx);
  const closed = await unlikeFigures(tx);
  return {
    findings: [...findings, ...found, ...strays, ...closed.found],
    payments,
    closings: closed.closings,
  };
}

type Paid = Awaited<ReturnType<typeof queries.paidAfter>>[number];

/** What the books must say of a payment, a line for each transfer. */
function expectedOf({ kind, party, currency, units, walletCurrency, walletUnits }: Paid): string[] {
  const of = partyOfRow({ kind, party }).kind;
  const [payable, wallet] = [`${PAYABLE[of]} ${party}`, `${WALLET[of]} ${party}`];
  const line = (debit: string, credit: string, amount: bigint, money: Currency): string =>
    `${amount} ${money} from ${debit} to ${credit}`;
  if (currency === walletCurrency) return [line(payable, wallet, walletUnits, currency)]; // The other is its statement's.
  const exchange = 'currency_exchange 0';
  return [line(payable, exchange, units, currency), line(exchange, wallet, walletUnits, walletCurrency)];
}

async function unlikeTransfers(tx: TenantTx): Promise<{ found: Finding[]; payments: number }> {
  const found: Finding[] = [];
  let payments = 0;
  let after = 0n;
  for (;;) {
    const page = await queries.paidAfter(tx, { after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return { found, payments };
    const posted = new Map<string, string[]>();
    const references = page.map((paid) => referenceOf({ runId: paid.runId, itemId: paid.id }));
    for (const { reference, ...sum } of await transferSumsOf(tx, references)) {
      const { debitPurpose, debitOwner, creditPurpose, creditOwner, units, currency } = sum;
      const line = `${units} ${currency} from ${debitPurpose} ${debitOwner} to ${creditPurpose} ${creditOwner}`;
      posted.set(reference, [...(posted.get(reference) ?? []), line]);
    }
    for (const [place, paid] of page.entries()) {
      const said = (posted.get(references[place] ?? '') ?? []).toSorted().join(', ');
      const right = expectedOf(paid).toSorted().join(', ');
      if (said !== right && found.length < FINDINGS_MAX)
        found.push({
          rule: 'payouts.paid_is_posted',
          subject: `payout item ${paid.id}`,
          detail: `the books say ${said === '' ? 'nothing' : said}, right is ${right}`,
        });
    }
    payments += page.length;
    after = last.key;
  }
}

/** Transfers that say to be payments, and are none. */
async function straysOf(tx: TenantTx): Promise<Finding[]> {
  const found: Finding[] = [];
  let after = '';
  for (;;) {
    const references = await referencesUnder(tx, 'payout/', { after, limit: PAGE });
    const last = references.at(-1);
    if (last === undefined) return found;
    const itemOf = (reference: string) => PayoutItemId.safeParse(reference.split('/')[2]).data;
    const ids = references.flatMap((reference) => itemOf(reference) ?? []);
    const paid = new Set<string>((await queries.paidAmong(tx, { ids })).map(({ id }) => id));
    for (const reference of references)
      if (!paid.has(itemOf(reference) ?? '') && found.length < FINDINGS_MAX)
        found.push({ rule: 'payouts.posted_is_paid', subject: reference, detail: 'no payment has this reference' });
    after = last;
  }
}

/** Closed periods whose kept figures are not what the entries come to. */
async function unlikeFigures(tx: TenantTx): Promise<{ found: Finding[]; closings: number }> {
  const found: Finding[] = [];
  let closings = 0;
  let after = 0;
  for (;;) {
    const page = await closingsAfter(tx, { after, max: CLOSINGS });
    const last = page.at(-1);
    if (last === undefined) return { found, closings };
    for (const closing of page) {
      const kept = (await figuresOf(tx, { key: closing.key })).filter(({ currency }) => currency !== '-');
      const isMade = kept.length > 0;
      const line = (row: {
        currency: string;
        kind: string;
        entries: bigint;
        units: bigint;
        lateUnits: bigint;
      }): string => `${row.currency} ${row.kind} ${row.entries} ${row.units} ${row.lateUnits}`;
      const said = kept.map(line).toSorted().join(', ');
      const right = (await figuresFromEntries(tx, closing)).map(line).toSorted().join(', ');
      if (isMade && said !== right && found.length < FINDINGS_MAX)
        found.push({
          rule: 'payouts.closed_stays_closed',
          subject: `closing ${closing.id}`,
          detail: `its figures are ${said}, the entries come to ${right}`,
        });
    }
    closings += page.length;
    after = last.key;
  }
}
