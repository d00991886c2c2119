import type { Currency } from '../../kernel/currency.ts';
import { formatAmount } from '../../kernel/money.ts';
import { netsOfOwners, transferSumsOf } from '../../ledger/index.ts';
import type { Finding } from '../../platform/events/index.ts';
import { findBreaches } from '../../platform/findings.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { isSigned, sha256 } from '../statements/keys.ts';
import { nextStatements } from '../statements/queries.ts';
import { PURPOSES, statementOfRow } from '../statements/store.ts';
import type { StoredStatement } from '../statements/types.ts';
import { keysByKid, recomputes } from '../statements/verification.ts';
import { PARTY_KINDS, type PartyKind } from '../types.ts';
import * as queries from './queries.ts';

const STATEMENTS_PER_PAGE = 500;
const PARTIES_PER_PAGE = 2_000;
/** Findings that are told of each rule. */
const FINDINGS_MAX = 100;
const LAST_KEY = 2_147_483_647;

/** The rules that one statement can judge. */
const rules = {
  'payouts.statements_without_gaps': queries.numbersBroken,
  'payouts.statements_chained': queries.statementChainBroken,
  'payouts.carried_over': queries.carriedBroken,
};

/**
 * Checks every statement: its chain, hash and signature, that its words are its figures, that its lines come out of the entries
 * again and what it netted is in the ledger; and of every beneficiary that statements and what is not stated yet are all that
 * it earned, and that this, less what was paid, is what the ledger says. Run it in a transaction of one snapshot.
 */
export async function verifyStatements(
  tx: TenantTx,
): Promise<{ readonly findings: Finding[]; readonly statements: number }> {
  const found = new Found();
  for (const finding of await findBreaches(tx, rules)) found.add(finding.rule, finding);
  await verifyEach(tx, found);
  for (const kind of ['ib', 'client'] as const) await verifySums(tx, kind, found);
  return { findings: found.all, statements: Number(onlyRow(await queries.countStatements(tx, {})).statements) };
}

class Found {
  readonly all: Finding[] = [];
  readonly #counts = new Map<string, number>();

  add(rule: string, { subject, detail }: Omit<Finding, 'rule'>): void {
    const count = this.#counts.get(rule) ?? 0;
    this.#counts.set(rule, count + 1);
    if (count < FINDINGS_MAX) this.all.push({ rule, subject, detail });
  }
}

async function verifyEach(tx: TenantTx, found: Found): Promise<void> {
  const keys = await keysByKid(tx);
  let after = 0n;
  for (;;) {
    const page = (await nextStatements(tx, { after, limit: STATEMENTS_PER_PAGE })).map(statementOfRow);
    for (const statement of page) {
      const subject = `statement ${statement.id}`;
      const { document, hash, kid, signature } = statement;
      const key = keys.get(kid);
      if (sha256(document) !== hash) found.add('payouts.statement_hash', { subject, detail: 'has another hash' });
      if (key === undefined || !isSigned(document, signature, key))
        found.add('payouts.statement_signed', { subject, detail: `is not signed by the key ${kid}` });
      if (!saysItsFigures(statement))
        found.add('payouts.statement_words', { subject, detail: 'says other figures than it is stored with' });
      if (!(await recomputes(tx, statement)))
        found.add('payouts.statement_recomputes', { subject, detail: 'tells of other lines than its entries give' });
    }
    await verifyNetted(tx, page, found);
    const last = page.at(-1);
    if (last === undefined || page.length < STATEMENTS_PER_PAGE) return;
    after = last.key;
  }
}

function saysItsFigures({ currency, document, ...statement }: StoredStatement): boolean {
  const head = JSON.parse(document) as Readonly<Record<string, unknown>>;
  const shown = (units: bigint): string => formatAmount({ units, currency });
  const { openingUnits, earningUnits, adjustmentUnits } = statement;
  const figures = {
    id: statement.id,
    number: statement.number,
    currency,
    opening: shown(openingUnits),
    earnings: shown(earningUnits),
    adjustments: shown(adjustmentUnits),
    total: shown(openingUnits + earningUnits + adjustmentUnits),
    payable: shown(statement.payableUnits),
    carried: shown(statement.carriedUnits),
    receivableNetted: shown(statement.nettedUnits),
  };
  return Object.entries(figures).every(([name, figure]) => head[name] === figure);
}

async function verifyNetted(tx: TenantTx, page: readonly StoredStatement[], found: Found): Promise<void> {
  const moved = new Map<string, bigint>();
  const references = page.map(({ id }) => `statement/${id}`);
  for (const { reference, debitPurpose, creditPurpose, debitOwner, creditOwner, units } of await transferSumsOf(
    tx,
    references,
  )) {
    const isNetting = Object.values(PURPOSES).some(
      ([payable, receivable]) => debitPurpose === payable && creditPurpose === receivable,
    );
    moved.set(reference, (moved.get(reference) ?? 0n) + (isNetting && debitOwner === creditOwner ? units : -units));
  }
  for (const { id, nettedUnits } of page) {
    const units = moved.get(`statement/${id}`) ?? 0n;
    if (units !== nettedUnits)
      found.add('payouts.netted_in_ledger', {
        subject: `statement ${id}`,
        detail: `says that ${nettedUnits} units were netted, the ledger moved ${units}`,
      });
  }
}

/** Compares what each beneficiary earned with what statements tell and with the ledger, a page of them at a time. */
async function verifySums(tx: TenantTx, kind: PartyKind, found: Found): Promise<void> {
  let after = 0;
  for (;;) {
    const nets = await netsOfOwners(tx, {
      purposes: PURPOSES[kind],
      prefix: 'adjustment/',
      after,
      limit: PARTIES_PER_PAGE,
    });
    const isLast = nets.length < PARTIES_PER_PAGE;
    const upTo = isLast ? LAST_KEY : lastWhole(nets);
    const range = { kind: PARTY_KINDS[kind], after, upTo };
    const sums = new Map<string, { earned: bigint; ledger: bigint; told: bigint }>();
    const at = (party: number, currency: Currency) => {
      const name = `${kind} ${party} ${currency}`;
      const known = sums.get(name) ?? { earned: 0n, ledger: 0n, told: 0n };
      sums.set(name, known);
      return known;
    };
    for (const { owner, currency, units, under } of nets)
      if (owner <= upTo) at(owner, currency).ledger += units - under;
    for (const { party, currency, earned, paid } of await queries.owedOfParties(tx, range)) {
      at(party, currency).earned += earned;
      at(party, currency).ledger += paid;
    }
    for (const { party, currency, told, open } of await queries.toldOfParties(tx, range))
      at(party, currency).told += told + open;
    for (const [subject, { earned, ledger, told }] of sums) {
      if (told !== earned)
        found.add('payouts.stated_once', {
          subject,
          detail: `earned ${earned} units, statements and what is open tell of ${told}`,
        });
      if (ledger !== earned)
        found.add('payouts.equals_ledger', {
          subject,
          detail: `earned ${earned} units, paid and owed by the ledger are ${ledger}`,
        });
    }
    if (isLast) return;
    after = upTo;
  }
}

/** The last owner whose lines are all on a full page; a single owner cannot fill one. */
const lastWhole = (nets: readonly { readonly owner: number }[]): number => {
  const last = nets.at(-1)?.owner ?? 0;
  return nets.findLast(({ owner }) => owner < last)?.owner ?? last;
};
