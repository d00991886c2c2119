import type pg from 'pg';
import { parseDecimal } from '../../src/kernel/decimal.ts';
import { computeTrade } from '../../src/commissions/engine/rules.ts';
import type { Rebate, TradeInput, TradeResult } from '../../src/commissions/engine/types.ts';
import type { PlanBook } from '../../src/commissions/plans/store.ts';
import { chainHash } from '../../src/platform/events/chain.ts';
import type { LinkStatus } from '../../src/commissions/types.ts';

type Client = pg.PoolClient;
type Row = Record<string, unknown>;

/** One prepared statement, one round trip. */
const run = async <Result extends Row>(
  client: Client,
  name: string,
  text: string,
  values: unknown[],
): Promise<Result[]> => (await client.query<Result>({ name, text, values })).rows;

type Claimed = {
  deal_key: bigint;
  server_key: number;
  position_id: bigint;
  client_key: number;
  symbol_key: number;
  group_key: number;
  closed_volume: bigint;
  closed_at: Date;
  has_ms: boolean;
  symbol: string;
  symbol_group: string;
  account_group: string;
  lot_factor: string;
};

const CLAIM = `
  with gone as (delete from trading.due where deal_key = $1 returning *)
  select g.*, s.symbol, s.symbol_group, a.name as account_group, a.lot_factor::text
    from gone g join trading.symbols s on s.key = g.symbol_key join trading.account_groups a on a.key = g.group_key`;

const CONFIGURATION = 'select version from commissions.configuration';

const CHAIN = `
  select c.ancestor_key as "ibKey", coalesce(s.status, 'active') as status, (select recorded_at from ib.structure) as "knownAt"
    from ib.client_links k
    join ib.closure c on c.descendant_key = k.ib_key and c.superseded_at = 'infinity' and c.valid_from <= $2 and $2 < c.valid_to
    left join ib.statuses s on s.ib_key = c.ancestor_key and s.superseded_at = 'infinity' and s.valid_from <= $2 and $2 < s.valid_to
   where k.client_key = $1 and k.superseded_at = 'infinity' and k.valid_from <= $2 and $2 < k.valid_to
   order by c.depth`;

const OPEN = `
  select time_utc as "openedAt", has_ms as "hasMs" from trading.deals
   where server_key = $1 and position_id = $2 and version = 0 and opened_volume > 0 and position_id > 0
   order by server_time_ms, ticket limit 1`;

const BOOKING = `
  with batch as (
    insert into commissions.batches (trades, known_at, configuration_version) values (1, $1, $2) returning key
  )
  insert into commissions.bookings
    (deal_key, revision, batch_key, plan_version_key, ib_key, symbol_key, group_key, closed_at, opened_at, earning_units)
  select $3, 0, key, $4, $5, $6, $7, $8, $9, $10 from batch returning batch_key as "batchKey"`;

const REBATE = `
  insert into commissions.rebates (deal_key, revision, component, kind, beneficiary, depth, units) values ($1, 0, $2, $3, $4, $5, $6)`;

const ACCOUNTS = 'select ledger.ensure_accounts($1, $2, $3) as keys';

const POST = 'select from ledger.post($1, $2, $3, $4, $5, $6, $7, $8, null, null)';

const HEAD = `select seq, hash, date_trunc('milliseconds', clock_timestamp()) as now from platform.event_head`;

const EVENT = `
  with fresh as (
    insert into platform.events
      (seq, stream, version, type, schema_version, payload, actor, causation, recorded_at, previous_hash, hash)
    values ($1, $2, 1, $3, 1, $4, $5, $6, $7, $8, $9)
  )
  update platform.event_head set seq = $1, hash = $9`;

const KINDS = { ib: 1, client: 2, house: 3 } as const;
const DAY_MS = 86_400_000;

/** Books one trade in the client's transaction; false where it is no longer due. */
export async function bookOne(client: Client, book: PlanBook, dealKey: bigint, causation: string): Promise<boolean> {
  const [trade] = await run<Claimed>(client, 'claim', CLAIM, [dealKey]);
  if (trade === undefined) return false;
  const [configuration] = await run<{ version: bigint }>(client, 'configuration', CONFIGURATION, []);
  if (configuration?.version !== book.version) throw new Error('plans changed during the benchmark');
  const levels = await run<{ ibKey: number; status: LinkStatus; knownAt: Date }>(client, 'chain', CHAIN, [
    trade.client_key,
    trade.closed_at,
  ]);
  const [open] = await run<{ openedAt: Date; hasMs: boolean }>(client, 'open', OPEN, [
    trade.server_key,
    trade.position_id,
  ]);
  const { input, versionKey } = inputOf(book, trade, levels, open);
  const result = computeTrade(input);
  if (result.kind !== 'booked')
    throw new Error(`trade ${dealKey} is ${result.kind}: the baseline knows booked ones only`);
  const [booking] = await run<{ batchKey: bigint }>(client, 'booking', BOOKING, [
    levels[0]?.knownAt,
    book.version,
    dealKey,
    versionKey,
    levels[0]?.ibKey,
    trade.symbol_key,
    trade.group_key,
    trade.closed_at,
    open?.openedAt,
    result.earningUnits,
  ]);
  for (const { component, kind, beneficiary, depth, units } of result.rebates)
    await run(client, 'rebate', REBATE, [dealKey, component, KINDS[kind], beneficiary, depth, units]);
  const stream = `booking_batch/${booking?.batchKey}`;
  await post(client, stream, trade.closed_at, result);
  await emit(client, { stream, causation, batch: String(booking?.batchKey), rebates: result.rebates.length });
  return true;
}

function inputOf(
  book: PlanBook,
  trade: Claimed,
  levels: readonly { ibKey: number; status: LinkStatus }[],
  open: { openedAt: Date; hasMs: boolean } | undefined,
): { input: TradeInput; versionKey: number | undefined } {
  const closedAtMs = trade.closed_at.getTime();
  const version = book.versionFor(levels, closedAtMs);
  const input = {
    dealKey: trade.deal_key,
    clientKey: trade.client_key,
    lots: trade.closed_volume,
    lotFactor: parseDecimal(trade.lot_factor),
    symbol: trade.symbol,
    symbolGroup: trade.symbol_group,
    accountGroup: trade.account_group,
    openedAtMs: open?.openedAt.getTime(),
    closedAtMs,
    timesHaveMs: trade.has_ms && (open?.hasMs ?? true),
    plan: version?.plan,
    chain: levels.map(({ ibKey, status }) => ({
      ibKey,
      status,
      rates: version && book.ratesOf(ibKey, version, closedAtMs),
    })),
  };
  return { input, versionKey: version?.key };
}

/** One ledger transfer per level, by one call of the same guarded function. */
async function post(
  client: Client,
  reference: string,
  closedAt: Date,
  { currency, rebates }: TradeResult & { kind: 'booked' },
): Promise<void> {
  const paid = rebates.filter((rebate): rebate is Rebate & { kind: 'ib' | 'client' } => rebate.kind !== 'house');
  if (paid.length === 0) return;
  const [found] = await run<{ keys: number[] }>(client, 'accounts', ACCOUNTS, [
    ['commission_expense', ...paid.map(({ kind }) => (kind === 'ib' ? 'ib_payable' : 'trader_rebate_payable'))],
    [0, ...paid.map(({ beneficiary }) => beneficiary)],
    [currency, ...paid.map(() => currency)],
  ]);
  const [expense, ...payable] = found?.keys ?? [];
  const day = new Date(Math.floor(closedAt.getTime() / DAY_MS) * DAY_MS);
  await run(client, 'post', POST, [
    paid.map(() => 'posted'),
    paid.map(() => expense),
    payable,
    paid.map(({ units }) => units),
    paid.map(() => currency),
    paid.map(() => day),
    paid.map(() => reference),
    paid.map((_rebate, leg) => leg),
  ]);
}

/** One event at the end of the chain; the ledger's function has taken the lock of late writes already. */
async function emit(
  client: Client,
  told: { stream: string; causation: string; batch: string; rebates: number },
): Promise<void> {
  const [head] = await run<{ seq: bigint; hash: Buffer; now: Date }>(client, 'head', HEAD, []);
  if (head === undefined) throw new Error('platform.event_head has no row');
  const event = {
    seq: head.seq + 1n,
    stream: told.stream,
    version: 1,
    type: 'commissions.batch_booked',
    schemaVersion: 1,
    payload: { batch: told.batch, claimed: 1, booked: 1, unpaid: 0, parked: 0, rebates: told.rebates },
    actor: 'baseline',
    causation: told.causation,
    recordedAt: head.now,
  };
  const hash = chainHash(head.hash, event);
  await run(client, 'event', EVENT, [
    event.seq,
    event.stream,
    event.type,
    event.payload,
    event.actor,
    event.causation,
    event.recordedAt,
    head.hash,
    hash,
  ]);
}
