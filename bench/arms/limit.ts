import pg from 'pg';
import type { Brokerage, Installation } from '../installation.ts';
import type { Meter, Run } from '../measure.ts';

/** Which rows of a brokerage are new since a mark was taken. */
export type Mark = { readonly batch: bigint; readonly transfer: bigint; readonly event: bigint };

export async function markOf({ postgres }: Installation, { database }: Brokerage): Promise<Mark> {
  const { rows } = await postgres.admin(database).query<Record<'batch' | 'transfer' | 'event', string>>(`
    select (select coalesce(max(key), 0) from commissions.batches) as batch, (select coalesce(max(key), 0) from ledger.transfers) as transfer,
           (select seq from platform.event_head) as event`);
  const [row] = rows;
  return { batch: BigInt(row?.batch ?? 0), transfer: BigInt(row?.transfer ?? 0), event: BigInt(row?.event ?? 0) };
}

/** The tables that a booking leaves rows in, with the rows that are new since a mark. */
const tablesSince = ({ batch, transfer, event }: Mark): [table: string, rows: string][] => [
  ['commissions.batches', `select * from commissions.batches where key > ${batch}`],
  ['commissions.bookings', `select * from commissions.bookings where batch_key > ${batch} order by deal_key`],
  [
    'commissions.rebates',
    `select r.* from commissions.rebates r join commissions.bookings b using (deal_key, revision)
      where b.batch_key > ${batch} order by r.deal_key, r.component, r.kind, r.depth`,
  ],
  [
    'commissions.unpaid',
    `select u.* from commissions.unpaid u join commissions.bookings b using (deal_key, revision) where b.batch_key > ${batch}`,
  ],
  ['ledger.transfers', `select * from ledger.transfers where key > ${transfer} order by key`],
  [
    'platform.events',
    `select * from platform.events where seq > ${event} and type = 'commissions.batch_booked' order by seq`,
  ],
];

const ACCOUNTS_SINCE = ({ transfer }: Mark): string => `
  select * from ledger.accounts a where exists (
    select from ledger.transfers t where t.key > ${transfer} and (t.debit_account = a.key or t.credit_account = a.key))`;

/**
 * Writes the rows that a booking left since a mark into another brokerage's tables, which have the same indexes and
 * constraints, by server-side binary COPY on one connection in one transaction, balances included. The rows are
 * finished, the files are in memory, and the accounts are there: nobody can be faster with this schema.
 */
export async function runLimit(
  { postgres }: Installation,
  { from, into, since, meter }: { from: Brokerage; into: Brokerage; since: Mark; meter: Meter },
  trades: number,
): Promise<Run> {
  const source = postgres.admin(from.database);
  const target = new pg.Client({
    connectionString: postgres.urlOf(into.database),
    options: '-c jit=off -c TimeZone=UTC',
  });
  await target.connect();
  try {
    const { rows } = await source.query<{ data_directory: string }>('show data_directory');
    const fileOf = (table: string): string => `${rows[0]?.data_directory ?? ''}/bench-${table}.copy`;
    for (const [table, select] of tablesSince(since))
      await source.query(`copy (${select}) to '${fileOf(table)}' with (format binary)`);
    await source.query(`copy (${ACCOUNTS_SINCE(since)}) to '${fileOf('accounts')}' with (format binary)`);
    await prepareAccounts(target, fileOf('accounts'));
    const measured = await meter(async () => {
      await target.query('begin');
      for (const [table] of tablesSince(since))
        await target.query(`copy ${table} from '${fileOf(table)}' with (format binary)`);
      await target.query(`copy balances from '${fileOf('accounts')}' with (format binary)`);
      await target.query(`
        update ledger.accounts a set posted_debits = b.posted_debits, posted_credits = b.posted_credits, version = b.version
          from balances b where a.key = b.key`);
      await target.query('commit');
    });
    return { ...measured, trades };
  } finally {
    await target.end();
  }
}

/** Makes the accounts that are missing, and an empty table for the balances; neither is timed. */
async function prepareAccounts(target: pg.Client, file: string): Promise<void> {
  await target.query('create temp table balances (like ledger.accounts)');
  await target.query(`copy balances from '${file}' with (format binary)`);
  await target.query(`
    insert into ledger.accounts
      (key, id, purpose, owner, currency, normal_side, may_overdraw, of_house, created_at)
    overriding system value
    select key, id, purpose, owner, currency, normal_side, may_overdraw, of_house, created_at from balances
        on conflict do nothing`);
  await target.query('truncate balances');
}
