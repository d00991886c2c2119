import { countriesOf } from '../../clients/index.ts';
import { parseDecimal, roundHalfEven } from '../../kernel/decimal.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { conversionsOf, type MoneyOperation, moneyOperationsOf } from '../../trading/index.ts';
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

/** Deposits of a client as of which the plan in force is looked up. */
const INSTANTS_MAX = 200;
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
): Promise<{
  readonly ladders: readonly Ladder[];
  readonly waiting: readonly WaitingLadder[];
  readonly knownAt: Date;
}> {
  const { clients, knownAt } = await clientsOf(tx, book, clientKeys, known);
  const asked = clients.filter(({ candidates }) => candidates.length > 0);
  const paid = await paidTo(tx, book, asked);
  const trades = await tradesOfClients(tx, asked);
  const ladders: Ladder[] = [];
  const waiting: WaitingLadder[] = [];
  for (const client of asked)
    for (const { version, component } of client.candidates) {
      const { clientKey, country } = client;
      const paidBefore = paid.filter((each) => each.clientKey === clientKey);
      if (component.model.over !== 'client' || paidBefore.some(({ planKey }) => planKey !== version.planKey)) continue;
      const deposits = await countedDeposits(tx, client.deposits, version);
      if (typeof deposits === 'string') {
        waiting.push({ clientKey, component: component.name, code: deposits });
        continue;
      }
      const facts: ClientFacts = {
        country,
        deposits: deposits.map(({ operation, units }) => ({ atMs: operation.at.getTime(), units })),
        trades: trades.get(clientKey) ?? [],
      };
      const paidUnits = paidBefore
        .filter((each) => each.component === component.name)
        .reduce((most, { paysUnits }) => (paysUnits > most ? paysUnits : most), 0n);
      const progress = component.model.progressOf(facts);
      ladders.push({ clientKey, version, component, country, deposits, progress, paidUnits });
    }
  return { ladders, waiting, knownAt };
}

async function clientsOf(
  tx: TenantTx,
  book: PlanBook,
  clientKeys: readonly number[],
  { atMs, knownAt: asKnownAt }: { readonly atMs: number; readonly knownAt?: Date | undefined },
): Promise<{ readonly clients: readonly Client[]; readonly knownAt: Date }> {
  const operations = (await moneyOperationsOf(tx, { clientKeys })).filter(({ kind }) => kind === 'deposit');
  const countries = await countriesOf(tx, clientKeys);
  const deposits = new Map(
    clientKeys.map((clientKey) => [clientKey, operations.filter((operation) => operation.clientKey === clientKey)]),
  );
  const asked = clientKeys.flatMap((clientKey) =>
    [...new Set([...(deposits.get(clientKey) ?? []).slice(0, INSTANTS_MAX).map(({ at }) => at.getTime()), atMs])].map(
      (instant) => ({ clientKey, atMs: instant }),
    ),
  );
  const { places, knownAt } = await placesAt(tx, book, asked, asKnownAt);
  const clients = clientKeys.map((clientKey): Client => {
    const versions = new Map<number, PublishedVersion>();
    for (const [place, each] of asked.entries()) {
      const version = places[place]?.version;
      if (each.clientKey === clientKey && version !== undefined) versions.set(version.key, version);
    }
    const candidates = [...versions.values()].flatMap((version) =>
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

/** The trades of the clients whose ladders look at them, as their gates count them. */
async function tradesOfClients(
  tx: TenantTx,
  clients: readonly Client[],
): Promise<ReadonlyMap<number, ClientFacts['trades']>> {
  const asked = clients.filter(({ candidates }) =>
    candidates.some(({ component: { model } }) => model.over === 'client' && model.looksAtTrades),
  );
  const found = new Map<number, { atMs: number; lots: bigint }[]>(asked.map(({ clientKey }) => [clientKey, []]));
  if (asked.length === 0) return found;
  const trades = await tradesOf(
    tx,
    asked.map(({ clientKey }) => ({ clientKey, from: EVER, to: AFTER_ALL })),
  );
  for (const { trade } of trades) found.get(trade.clientKey)?.push({ atMs: trade.closedAt, lots: countedLots(trade) });
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
