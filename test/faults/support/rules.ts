import { verifyTenant } from '../../../src/ops/index.ts';
import type { NaiveOutcome } from '../../../src/commissions/naive/engine.ts';
import type { Broker } from './broker.ts';
import type { Stage } from './stage.ts';
import { until } from './wait.ts';

const SETTLED_MS_MAX = 120_000;
const KINDS = ['', 'ib', 'client', 'house'] as const;

/** Waits until every trade of both brokerages is booked or parked, no place in the queue is held, and the outbox is empty (I7, I12). */
export async function settled(stage: Stage, withinMs = SETTLED_MS_MAX): Promise<number> {
  const startedMs = performance.now();
  for (const broker of stage.brokers)
    await until(`${broker.tenant.slug} has no work left`, withinMs, () => isIdle(broker));
  return performance.now() - startedMs;
}

type Idle = { due: bigint; held: bigint; behind: bigint; unopened: bigint };

async function isIdle({ rows }: Broker): Promise<boolean> {
  const [state] = await rows<Idle>(`
    select (select count(*) from trading.due) as due,
           (select count(*) from commissions.queue_slots where job_id is not null) as held,
           (select count(*) from trading.parked where code = 'commissions.open_unknown' and resolved_at is null) as unopened, -- The sweeper mends them.
           (select h.seq - coalesce((select min(position) from platform.consumers), 0) from platform.event_head h) as behind`);
  return state?.due === 0n && state.held === 0n && state.unopened === 0n && state.behind === 0n;
}

type Expected = {
  /** Trades of acme that wait for somebody, with the code. */
  readonly parked?: ReadonlyMap<string, string>;
  /** Whether every booking is computed again and every row searched for the other brokerage's word, which takes its time. */
  readonly thoroughly?: boolean;
};

/** Checks all rules that exist today on both brokerages; throws one error that names every breach. */
export async function checkRules(stage: Stage, expected: Expected = {}): Promise<void> {
  const breaches: string[] = [];
  for (const broker of stage.brokers) {
    const say = (breach: string): void => void breaches.push(`${broker.tenant.slug}: ${breach}`);
    for (const breach of await verified(stage, broker, expected.thoroughly === true)) say(breach);
    for (const breach of await compareTrades(
      broker,
      broker === stage.acme ? (expected.parked ?? new Map()) : new Map(),
    ))
      say(breach);
  }
  for (const breach of wordsInLogs(stage)) breaches.push(breach);
  if (expected.thoroughly === true) for (const breach of await wordsInRows(stage)) breaches.push(breach);
  for (const breach of shouts(stage)) breaches.push(breach);
  if (breaches.length > 0) throw new Error(`The rules are broken:\n${breaches.slice(0, 30).join('\n')}`);
}

/** I1, I2, I3, I8 and the sub-ledger by the product's own verifier. */
async function verified({ tenancy }: Stage, { tenant }: Broker, recompute: boolean): Promise<string[]> {
  const { findings } = await verifyTenant(tenancy, tenant, { recompute });
  return findings.map(({ rule, subject, detail }) => `${rule} ${subject}: ${detail}`);
}

type Booked = { ticket: bigint; revisions: number; earning: bigint; reason: string | null; rebates: string | null };

/** I6 and I12: each trade has one booking, equal to the naive engine's to the unit; only what is meant to be is parked. */
async function compareTrades({ market, rows }: Broker, parked: ReadonlyMap<string, string>): Promise<string[]> {
  const bookings = await rows<Booked>(`
    select d.ticket, count(*) over (partition by d.ticket)::integer as revisions, b.earning_units as earning,
           (select u.reason from commissions.unpaid u where u.deal_key = b.deal_key and u.component = -1) as reason,
           (select string_agg(r.component || ' ' || r.kind || ' ' || r.beneficiary || ' ' || r.units, ',')
              from commissions.rebates r where r.deal_key = b.deal_key) as rebates
      from commissions.bookings b join trading.deals d on d.key = b.deal_key`);
  const waiting = await rows<{ ticket: bigint; code: string }>(`
    select d.ticket, p.code from trading.parked p join trading.deals d on d.key = p.deal_key where p.resolved_at is null`);
  const booked = new Map(bookings.map((row) => [String(row.ticket), row]));
  const breaches = bookings
    .filter(({ revisions }) => revisions !== 1)
    .map(({ ticket }) => `trade ${ticket} is booked more than once`);
  for (const { ticket, code } of waiting)
    if (parked.get(String(ticket)) !== code)
      breaches.push(`trade ${ticket} is parked as ${code}, expected ${parked.get(String(ticket)) ?? 'a booking'}`);
  for (const ticket of market.tickets) {
    const row = booked.get(ticket);
    const isParked = parked.has(ticket);
    if (isParked !== (row === undefined))
      breaches.push(`trade ${ticket} is ${isParked ? 'booked and should wait' : 'not booked'}`);
    if (row === undefined || isParked) continue;
    const [seen, right] = [asBooked(row), asExpected(market.expected(ticket))];
    if (seen !== right) breaches.push(`trade ${ticket}: booked ${seen}, right is ${right}`);
  }
  const count = market.tickets.length - parked.size;
  if (bookings.length !== count) breaches.push(`${bookings.length} bookings, right is ${count}`);
  return breaches;
}

function asBooked({ earning, reason, rebates }: Booked): string {
  if (reason !== null) return `unpaid ${reason}`;
  const parts = (rebates ?? '').split(',').map((rebate) => {
    const [component = '', kind = '', beneficiary = '', units = ''] = rebate.split(' ');
    return `${component} ${KINDS[Number(kind)] ?? kind} ${beneficiary} ${units}`;
  });
  return `${earning}: ${parts.sort().join(', ')}`;
}

function asExpected(outcome: NaiveOutcome): string {
  if (outcome.kind === 'unpaid') return `unpaid ${outcome.reason}`;
  if (outcome.kind === 'parked') return `parked ${outcome.code}`;
  const parts = outcome.rebates.map(
    ({ component, kind, beneficiary, units }) => `${component} ${kind} ${beneficiary} ${units}`,
  );
  return `${outcome.earningUnits}: ${parts.sort().join(', ')}`;
}

/** I9: a brokerage's word is in no log line. */
function wordsInLogs({ brokers, processes }: Stage): string[] {
  const word = new RegExp(brokers.map(({ canary }) => canary).join('|'));
  return processes.flatMap(({ lines }) =>
    lines.filter((line) => word.test(line)).map((line) => `a brokerage is named in the log: ${line.slice(0, 300)}`),
  );
}

/** I9: a brokerage's word is nowhere in the other brokerage's database. */
async function wordsInRows({ brokers }: Stage): Promise<string[]> {
  const breaches: string[] = [];
  const words = brokers.map(({ canary }) => canary);
  for (const { canary, tenant, rows } of brokers) {
    const tables = await rows<{ name: string }>(`
      select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`);
    for (const { name } of tables)
      for (const word of words.filter((each) => each !== canary)) {
        const [found] = await rows<{ row: string }>(
          `select t::text as row from ${name} t where t::text like '%${word}%' limit 1`,
        );
        if (found !== undefined)
          breaches.push(`the word ${word} is in ${name} of ${tenant.slug}: ${found.row.slice(0, 200)}`);
      }
  }
  return breaches;
}

/** Nothing fell through: no error that nobody handled, no process that ended by itself with an error. */
function shouts({ processes }: Stage): string[] {
  return processes.flatMap(({ lines }) =>
    lines
      .filter((line) => line.includes('"level":60') || /Uncaught|UnhandledPromise|Error \[ERR_/.test(line))
      .map((line) => `said: ${line.slice(0, 500)}`),
  );
}
