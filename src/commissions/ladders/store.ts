import { countriesOf } from '../../clients/index.ts';
import { parseDecimal, roundHalfEven } from '../../kernel/decimal.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf, type MoneyOperation, moneyPagesOf } from '../../trading/index.ts';
import { type PeriodTrade, tradesOf } from '../facts/store.ts';
import { alongRates } from '../models/conversion.ts';
import { fractionOf, product, wholeNumber } from '../models/fractions.ts';
import type { PaidByPeriod } from '../periods/contract.ts';
import type { ClientFacts, ClientProgress } from '../periods/types.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import { ClientInputs } from '../settlements/contract.ts';
import { onceForEver } from '../settlements/queries.ts';
import { placesAt } from '../settlements/store.ts';
import type { AppliedRates, ParkCode } from '../types.ts';

/** A deposit with what it came to in the currency of a plan. */
export type CountedDeposit = {
  readonly operation: MoneyOperation;
  /** Ledger units of the plan currency. */
  readonly units: bigint;
  readonly rates: AppliedRates | undefined;
};

/** A component that pays once for ever, as it stands for a client. */
export type Ladder = {
  readonly clientKey: number;
  readonly version: PublishedVersion;
  readonly component: PaidByPeriod;
  readonly country: string | undefined;
  readonly deposits: readonly CountedDeposit[];
  readonly progress: ClientProgress;
  /** What of its steps was paid, in ledger units of the plan currency. */
  readonly paidUnits: bigint;
};

/** A ladder that cannot be judged yet. */
export type WaitingLadder = { readonly clientKey: number; readonly component: string; readonly code: ParkCode };

/** What a ladder looks at of one client at most; the ladder of a client of more waits, visibly. */
export type LadderBounds = { readonly deposits: number; readonly trades: number };
const BOUNDS: LadderBounds = { deposits: 10_000, trades: 1_000_000 };
/** Clients and instants whose tree is read at once. */
const PLACES_AT_ONCE = 2_000;
const EVER = new Date(0);
/** The feed takes nothing that lies behind the year 2100. */
const AFTER_ALL = new Date(Date.UTC(2200, 0));

/** What is known of a client beside its trades. */
type Client = {
  readonly clientKey: number;
  readonly country: string | undefined;
  readonly deposits: readonly MoneyOperation[];
  /** Components that pay once for ever, of the versions that held when it deposited, or hold now. */
  readonly candidates: readonly { readonly version: PublishedVersion; readonly component: PaidByPeriod }[];
};

/**
 * How far clients are on the ladders of the plans that held for them when they deposited, or hold at an instant. One that a plan
 * has paid already has no ladder under another: once per client is for ever.
 */
export async function laddersOfClients(
  tx: TenantTx,
  book: PlanBook,
  clientKeys: readonly number[],
  known: { readonly atMs: number; readonly knownAt?: Date | undefined },
  bounds: LadderBounds = BOUNDS,
): Promise<{
  readonly ladders: readonly Ladder[];
  readonly waiting: readonly WaitingLadder[];
  readonly knownAt: Date;
}> {
  const { clients, knownAt } = await clientsOf(tx, book, clientKeys, known, bounds);
  const asked = clients.filter(({ candidates }) => candidates.length > 0);
  const paid = await paidTo(tx, book, asked);
  const trades = await tradesOfClients(tx, asked, bounds);
  const ladders: Ladder[] = [];
  const waiting: WaitingLadder[] = [];
  for (const client of asked)
    for (const { version, component } of client.candidates) {
      const { clientKey, country } = client;
      const paidBefore = paid.filter((each) => each.clientKey === clientKey);
      if (component.model.over !== 'client' || paidBefore.some(({ planKey }) => planKey !== version.planKey)) continue;
      const counted = trades.get(clientKey) ?? [];
      const isTooLarge =
        client.deposits.length > bounds.deposits || (component.model.looksAtTrades && counted.length > bounds.trades);
      const deposits = isTooLarge ? TOO_LARGE : await countedDeposits(tx, client.deposits, version);
      if (typeof deposits === 'string') {
        waiting.push({ clientKey, component: component.name, code: deposits });
        continue;
      }
      const facts: ClientFacts = {
        country,
        deposits: deposits.map(({ operation, units }) => ({ atMs: operation.at.getTime(), units })),
        trades: counted,
      };
      const paidUnits = paidBefore
        .filter((each) => each.component === component.name)
        .reduce((most, { paysUnits }) => (paysUnits > most ? paysUnits : most), 0n);
      const progress = component.model.progressOf(facts);
      ladders.push({ clientKey, version, component, country, deposits, progress, paidUnits });
    }
  return { ladders, waiting, knownAt };
}

const TOO_LARGE = 'commissions.period_too_large';

/** The deposits of clients in the order of time: all of them, or one more than are looked at. */
async function depositsOf(
  tx: TenantTx,
  clientKeys: readonly number[],
  max: number,
): Promise<ReadonlyMap<number, readonly MoneyOperation[]>> {
  const found = new Map<number, MoneyOperation[]>(clientKeys.map((clientKey) => [clientKey, []]));
  for await (const operations of moneyPagesOf(tx, { clientKeys }))
    for (const operation of operations) {
      const deposits = found.get(operation.clientKey);
      if (operation.kind === 'deposit' && deposits !== undefined && deposits.length <= max) deposits.push(operation);
    }
  for (const deposits of found.values())
    deposits.sort((left, right) => left.at.getTime() - right.at.getTime() || (left.dealKey < right.dealKey ? -1 : 1));
  return found;
}

async function clientsOf(
  tx: TenantTx,
  book: PlanBook,
  clientKeys: readonly number[],
  { atMs, knownAt: asKnownAt }: { readonly atMs: number; readonly knownAt?: Date | undefined },
  bounds: LadderBounds,
): Promise<{ readonly clients: readonly Client[]; readonly knownAt: Date }> {
  const deposits = await depositsOf(tx, clientKeys, bounds.deposits);
  const countries = await countriesOf(tx, clientKeys);
  const asked = clientKeys.flatMap((clientKey) =>
    [...new Set([...(deposits.get(clientKey) ?? []).map(({ at }) => at.getTime()), atMs])].map((instant) => ({
      clientKey,
      atMs: instant,
    })),
  );
  const found = new Map<number, Map<number, PublishedVersion>>();
  let knownAt = asKnownAt;
  for (let from = 0; from < asked.length; from += PLACES_AT_ONCE) {
    const page = asked.slice(from, from + PLACES_AT_ONCE);
    const placed = await placesAt(tx, book, page, asKnownAt);
    knownAt = placed.knownAt;
    for (const [place, { clientKey }] of page.entries()) {
      const version = placed.places[place]?.version;
      if (version !== undefined)
        found.set(clientKey, (found.get(clientKey) ?? new Map<number, PublishedVersion>()).set(version.key, version));
    }
  }
  if (knownAt === undefined) return { clients: [], knownAt: (await placesAt(tx, book, [])).knownAt };
  const clients = clientKeys.map((clientKey): Client => {
    const candidates = [...(found.get(clientKey)?.values() ?? [])].flatMap((version) =>
      version.plan.periods.filter(({ model }) => model.over === 'client').map((component) => ({ version, component })),
    );
    return { clientKey, country: countries.get(clientKey), deposits: deposits.get(clientKey) ?? [], candidates };
  });
  return { clients, knownAt };
}

type Paid = {
  readonly clientKey: number;
  readonly planKey: number | undefined;
  readonly component: string;
  readonly paysUnits: bigint;
};

/** What was paid on ladders before, to the last step of each. */
async function paidTo(tx: TenantTx, book: PlanBook, clients: readonly Client[]): Promise<readonly Paid[]> {
  if (clients.length === 0) return [];
  const rows = await onceForEver(tx, { clientKeys: clients.map(({ clientKey }) => clientKey) });
  return rows.map(({ clientKey, planVersionKey, inputs }): Paid => {
    const { component, step } = ClientInputs.parse(JSON.parse(inputs));
    const planKey = book.versionOfKey(planVersionKey)?.planKey;
    return { clientKey, planKey, component, paysUnits: BigInt(step.paysUnits) };
  });
}

/** The trades of the clients whose ladders look at them, as their gates count them: all, or one more than are looked at. */
async function tradesOfClients(
  tx: TenantTx,
  clients: readonly Client[],
  bounds: LadderBounds,
): Promise<ReadonlyMap<number, ClientFacts['trades']>> {
  const asked = clients.filter(({ candidates }) =>
    candidates.some(({ component: { model } }) => model.over === 'client' && model.looksAtTrades),
  );
  const found = new Map<number, { atMs: number; lots: bigint }[]>(asked.map(({ clientKey }) => [clientKey, []]));
  if (asked.length === 0) return found;
  const ever = asked.map(({ clientKey }) => ({ clientKey, from: EVER, to: AFTER_ALL }));
  for await (const trades of tradesOf(tx, ever))
    for (const { trade } of trades) {
      const counted = found.get(trade.clientKey);
      if (counted !== undefined && counted.length <= bounds.trades)
        counted.push({ atMs: trade.closedAt, lots: countedLots(trade) });
    }
  for (const counted of found.values()) counted.sort((left, right) => left.atMs - right.atMs);
  return found;
}

/** Closed lots by the lot factor of the account group, in 10^-8; what is finer is left out. */
function countedLots({ closedVolume, lotFactor }: PeriodTrade['trade']): bigint {
  const { coefficient, scale } = parseDecimal(lotFactor);
  return (closedVolume * coefficient) / 10n ** BigInt(scale);
}

/** Deposits in the currency of a plan, each by the rates of its own time; a code where one is missing or too old. */
async function countedDeposits(
  tx: TenantTx,
  operations: readonly MoneyOperation[],
  { plan }: PublishedVersion,
): Promise<readonly CountedDeposit[] | ParkCode> {
  const foreign = operations.filter(({ currency }) => currency !== plan.currency);
  const conversions = await conversionsOf(
    tx,
    foreign.map(({ currency, at }) => ({ from: currency, to: plan.currency, at })),
  );
  const ratesOf = new Map<MoneyOperation, AppliedRates | undefined>(
    foreign.map((operation, place) => [operation, conversions[place]]),
  );
  const unit = wholeNumber(10n ** BigInt(plan.rateDigits));
  const counted: CountedDeposit[] = [];
  for (const operation of operations) {
    const rates = ratesOf.get(operation);
    const rate = operation.currency === plan.currency ? wholeNumber(1n) : alongRates(rates, plan);
    if (typeof rate === 'string') return rate;
    const { numerator, denominator } = product(fractionOf(operation.amount), rate, unit);
    counted.push({ operation, rates, units: roundHalfEven(numerator, denominator) });
  }
  return counted;
}
