import { parseDecimal } from '../src/kernel/decimal.ts';
import { computeBatch } from '../src/commissions/engine/rules.ts';
import type { ChainLink } from '../src/commissions/types.ts';
import { compileAgreement, compilePlan } from '../src/commissions/definitions/rules.ts';
import type { SeedBrokerage } from '../seeds/brokerage.ts';
import type { BenchTrade } from './deals.ts';

/** What trades pay: rows, and ledger units by beneficiary (`ib 3`, `client 7`, `house 0`; places in the seed, from 1). */
export type Sums = { readonly rebates: number; readonly units: ReadonlyMap<string, bigint> };

const VOLUME_TO_LOTS = 10_000n;
const OPENED_BEFORE_MS = 3_600_000;

/** Computes trades from the seed alone, without any database: what every arm must come to. Keys are places from 1. */
export function referenceSums(seed: SeedBrokerage, trades: readonly BenchTrade[]): Sums {
  const [plan] = seed.plans;
  if (plan === undefined) throw new RangeError('the seed has a plan');
  const compiled = compilePlan(plan.definition);
  const links = seed.ibs.map(({ rate }, place): ChainLink => ({
    ibKey: place + 1,
    status: 'active',
    rates: rate && compileAgreement(compiled, [{ rate: rate.rate }]),
  }));
  const symbols = new Map(seed.symbols.map((symbol) => [symbol.rawName, symbol]));
  const factors = new Map(seed.groups.map(({ name, lotFactor }) => [name, parseDecimal(lotFactor)]));
  const inputs = trades.map((trade) => {
    const client = seed.clients[trade.client];
    const symbol = symbols.get(trade.symbol);
    const accountGroup = client?.accounts[0]?.group ?? '';
    const lotFactor = factors.get(accountGroup);
    if (client === undefined || symbol === undefined || lotFactor === undefined)
      throw new RangeError('a trade of nobody');
    const chain: ChainLink[] = [];
    for (let place: number | null = client.ib; place !== null; place = seed.ibs[place]?.parent ?? null) {
      const link = links[place];
      if (link !== undefined) chain.push(link);
    }
    return {
      dealKey: trade.ticket,
      clientKey: trade.client + 1,
      lots: BigInt(trade.volume) * VOLUME_TO_LOTS,
      lotFactor,
      symbol: symbol.symbol,
      symbolGroup: symbol.symbolGroup,
      accountGroup,
      openedAtMs: 0,
      closedAtMs: OPENED_BEFORE_MS,
      timesHaveMs: true,
      plan: compiled,
      chain,
    };
  });
  const units = new Map<string, bigint>();
  let rebates = 0;
  for (const result of computeBatch(inputs)) {
    if (result.kind !== 'booked') continue;
    for (const { kind, beneficiary, units: part } of result.rebates) {
      const name = `${kind} ${beneficiary}`;
      units.set(name, (units.get(name) ?? 0n) + part);
      rebates += 1;
    }
  }
  return { rebates, units };
}
