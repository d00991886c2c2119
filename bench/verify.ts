import { verifyEvents } from '../src/platform/events/index.ts';
import { verifyLedger } from '../src/ledger/index.ts';
import type { BenchTrade } from './deals.ts';
import type { Brokerage, Installation } from './installation.ts';
import { referenceSums, type Sums } from './reference.ts';

/** Figures that must agree and do not. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** What is stored of trades, by the numbers of their deals. */
export async function storedSums(
  { postgres }: Installation,
  { database }: Brokerage,
  trades: readonly BenchTrade[],
): Promise<Sums & { bookings: number }> {
  const pool = postgres.admin(database);
  const range = [String(trades[0]?.ticket ?? 0), String(trades.at(-1)?.ticket ?? -1)];
  const { rows } = await pool.query<{ kind: number; beneficiary: number; rebates: string; units: string }>(
    `select r.kind, r.beneficiary, count(*) as rebates, sum(r.units) as units
       from trading.deals d join commissions.rebates r on r.deal_key = d.key
      where d.ticket between $1 and $2 and d.version = 0 group by r.kind, r.beneficiary`,
    range,
  );
  const { rows: booked } = await pool.query<{ count: string }>(
    `select count(*) from trading.deals d join commissions.bookings b on b.deal_key = d.key
      where d.ticket between $1 and $2 and d.version = 0`,
    range,
  );
  return { bookings: Number(booked[0]?.count), ...sumsOf(rows) };
}

/** What was copied: rows without deals. */
export async function copiedSums(
  { postgres }: Installation,
  { database }: Brokerage,
  sinceBatch: bigint,
): Promise<Sums & { bookings: number }> {
  const pool = postgres.admin(database);
  const { rows } = await pool.query<{ kind: number; beneficiary: number; rebates: string; units: string }>(
    `select r.kind, r.beneficiary, count(*) as rebates, sum(r.units) as units
       from commissions.bookings b join commissions.rebates r using (deal_key, revision)
      where b.batch_key > $1 group by r.kind, r.beneficiary`,
    [String(sinceBatch)],
  );
  const { rows: booked } = await pool.query<{ count: string }>(
    'select count(*) from commissions.bookings where batch_key > $1',
    [String(sinceBatch)],
  );
  return { bookings: Number(booked[0]?.count), ...sumsOf(rows) };
}

const KINDS = ['', 'ib', 'client', 'house'];

const sumsOf = (rows: readonly { kind: number; beneficiary: number; rebates: string; units: string }[]): Sums => ({
  rebates: rows.reduce((sum, { rebates }) => sum + Number(rebates), 0),
  units: new Map(rows.map(({ kind, beneficiary, units }) => [`${KINDS[kind]} ${beneficiary}`, BigInt(units)])),
});

/** Holds what is stored of trades to the pure reference: each booked, the same rows, the same sum for each beneficiary. */
export function mustAgree(
  arm: string,
  seed: Brokerage['seed'],
  trades: readonly BenchTrade[],
  found: Sums & { bookings: number },
): void {
  if (found.bookings !== trades.length)
    throw new Disagreement(`${arm}: ${found.bookings} bookings of ${trades.length} trades`);
  const expected = referenceSums(seed, trades);
  if (found.rebates !== expected.rebates)
    throw new Disagreement(`${arm}: ${found.rebates} rebates, the reference has ${expected.rebates}`);
  for (const name of new Set([...expected.units.keys(), ...found.units.keys()])) {
    const [is, should] = [found.units.get(name) ?? 0n, expected.units.get(name) ?? 0n];
    if (is !== should) throw new Disagreement(`${arm}: ${name} has ${is} units, the reference ${should}`);
  }
}

const LEDGER_AGAINST_REBATES = `
  select coalesce(sum(posted_debits) - sum(posted_credits), 0)::text as unbalanced,
         (select count(*)::integer from trading.due) as due,
         (select count(*)::integer from trading.parked) as parked,
         (select count(*)::integer
            from (select case kind when 1 then 'ib_payable' else 'trader_rebate_payable' end as purpose, beneficiary as owner, sum(units) as units
                    from commissions.rebates where kind <> 3 group by 1, 2) r
            full join (select purpose, owner, posted_credits - posted_debits as units from ledger.accounts
                        where purpose in ('ib_payable', 'trader_rebate_payable')) a using (purpose, owner)
           where coalesce(r.units, 0) <> coalesce(a.units, 0)) as different
    from ledger.accounts`;

/** The books of a brokerage as a whole: they balance, accounts hold what the rebates say, nothing waits or is parked. */
export async function mustBalance(arm: string, { postgres }: Installation, { database }: Brokerage): Promise<void> {
  const { rows } = await postgres
    .admin(database)
    .query<{ unbalanced: string; due: number; parked: number; different: number }>(LEDGER_AGAINST_REBATES);
  const [row] = rows;
  if (row?.unbalanced !== '0' || row.due + row.parked + row.different > 0)
    throw new Disagreement(`${arm}: ${JSON.stringify(row)}`);
}

/** What the product's own proofs of ledger and events find in a brokerage. */
export async function findingsOf({ platform }: Installation, { tenantId, slug }: Brokerage): Promise<string[]> {
  const findings = await platform.tenancy.withTenant(tenantId, { actor: 'bench', causation: 'verify' }, async (tx) => [
    ...(await verifyEvents(tx)),
    ...(await verifyLedger(tx)),
  ]);
  return findings.map(({ rule, subject, detail }) => `${slug}: ${rule} ${subject}: ${detail}`);
}

/** How much is stored, to see that sending it all again changes nothing. */
export async function countsOf({ postgres }: Installation, { database }: Brokerage): Promise<string> {
  const { rows } = await postgres.admin(database).query<{ counts: string }>(`
    select concat_ws(' ', (select count(*) from trading.deals), (select count(*) from commissions.bookings), (select count(*) from commissions.rebates),
                     (select sum(units) from commissions.rebates), (select count(*) from ledger.transfers), (select sum(version) from ledger.accounts),
                     (select sum(posted_debits) from ledger.accounts)) as counts`);
  return rows[0]?.counts ?? '';
}
