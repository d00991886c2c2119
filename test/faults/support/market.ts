import { DealGenerator, SIMULATED_SYMBOLS } from '../../../simulators/mt-server/index.ts';
import type { SeedBrokerage } from '../../../seeds/brokerage.ts';
import { DEMO_SYMBOLS, NEW_YORK_CLOSE } from '../../../seeds/market.ts';
import type { RawDeal } from '../../../src/trading/index.ts';
import {
  naiveEngine,
  type NaiveFacts,
  type NaiveLink,
  type NaiveOutcome,
} from '../../../src/commissions/naive/engine.ts';

/** The day that is traded: in summer time, when the server's clock is three hours ahead of UTC. */
const DAY_STARTS_MS = Date.UTC(2026, 2, 16, 6);
const SERVER_AHEAD_MS = 3 * 3_600_000;
type Open = { readonly openedAtMs: number };

/** The keys that a database gave to what a seed names by its place. */
export type Keys = { readonly ibs: readonly number[]; readonly clientOfLogin: ReadonlyMap<string, number> };

/** A field as text; the generator writes texts and numbers only. */
export function text(deal: RawDeal, field: string): string {
  const value = deal[field];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * A trading server with a memory: deals of make-believe, and for each deal that closes volume what the rules of
 * commission-models.md make of it, calculated by the naive engine from the deal and the seed alone.
 */
export class Market {
  readonly #seed: SeedBrokerage;
  readonly #keys: Keys;
  readonly #generator: DealGenerator;
  readonly #opens = new Map<string, Open>();
  readonly #facts = new Map<string, NaiveFacts>();

  constructor(seed: SeedBrokerage, keys: Keys, randomSeed: number) {
    this.#seed = seed;
    this.#keys = keys;
    this.#generator = new DealGenerator({
      seed: randomSeed,
      symbols: SIMULATED_SYMBOLS,
      logins: seed.clients.flatMap(({ accounts }) => accounts.map(({ login }) => login)),
      clock: NEW_YORK_CLOSE,
      startUtcMs: DAY_STARTS_MS,
    });
  }

  /** Deals until so many of them closed volume. */
  trades(count: number): RawDeal[] {
    const deals = [...this.#generator.trades(count)];
    for (const deal of deals) this.#note(deal);
    return deals;
  }

  /** The tickets of all trades so far. */
  get tickets(): string[] {
    return [...this.#facts.keys()];
  }

  expected(ticket: string): NaiveOutcome {
    const facts = this.#facts.get(ticket);
    if (facts === undefined) throw new Error(`no trade has the ticket ${ticket}`);
    return naiveEngine(facts);
  }

  /** What is right of a trade from now on: something that it names was mended. */
  amend(ticket: string, facts: Partial<NaiveFacts>): void {
    const known = this.#facts.get(ticket);
    if (known !== undefined) this.#facts.set(ticket, { ...known, ...facts });
  }

  /** The key of the IB at a place of the seed. */
  ibKey(place: number): number {
    const key = this.#keys.ibs[place];
    if (key === undefined) throw new Error(`the seed has no IB at ${place}`);
    return key;
  }

  #note(deal: RawDeal): void {
    if (text(deal, 'Action') !== '0' && text(deal, 'Action') !== '1') return;
    const entry = text(deal, 'Entry');
    const position = text(deal, 'PositionID');
    const atMs = Number(deal['TimeMsc']) - SERVER_AHEAD_MS;
    if (entry !== '0')
      this.#facts.set(text(deal, 'Deal'), this.#factsOf(deal, this.#opens.get(position)?.openedAtMs, atMs));
    if (entry === '2' || !this.#opens.has(position)) this.#opens.set(position, { openedAtMs: atMs });
  }

  #factsOf(deal: RawDeal, openedAtMs: number | undefined, closedAtMs: number): NaiveFacts {
    const { clients, groups, plans } = this.#seed;
    const login = text(deal, 'Login');
    const client = clients.find(({ accounts }) => accounts.some((account) => String(account.login) === login));
    const account = client?.accounts.find((each) => String(each.login) === login);
    const group = groups.find(({ name }) => name === account?.group);
    const symbol = DEMO_SYMBOLS.find(({ rawName }) => rawName === text(deal, 'Symbol'));
    const clientKey = this.#keys.clientOfLogin.get(login);
    const [plan] = plans;
    if (
      client === undefined ||
      group === undefined ||
      symbol === undefined ||
      clientKey === undefined ||
      plan === undefined
    )
      throw new Error(`the seed knows nothing of ${JSON.stringify(deal)}`);
    return {
      clientKey,
      lots: lotsOf(text(deal, 'VolumeClosed')),
      lotFactor: group.lotFactor,
      symbol: symbol.symbol,
      symbolGroup: symbol.symbolGroup,
      accountGroup: group.name,
      openedAtMs,
      closedAtMs,
      timesHaveMs: true,
      plan: plan.definition,
      chain: this.chainOf(client.ib),
    };
  }

  /** The chain of a client of the IB at a place of the seed. */
  chainOf(place: number): NaiveLink[] {
    const ib = this.#seed.ibs[place];
    const ibKey = this.ibKey(place);
    if (ib === undefined) throw new Error(`the seed has no IB at ${place}`);
    const terms = ib.rate === undefined ? undefined : [{ rate: ib.rate.rate }];
    const above = ib.parent === null ? [] : this.chainOf(ib.parent);
    return [{ ibKey, status: 'active', terms }, ...above];
  }
}

/** The server counts in 1/10 000 lot. */
function lotsOf(volume: string): string {
  const digits = volume.padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
