import type { SeedBrokerage } from '../../seeds/brokerage.ts';
import type { RawDeal } from '../../src/trading/index.ts';
import { naiveEngine, type NaiveFacts, type NaiveLink } from '../../src/commissions/naive/engine.ts';

/** What the demo should come to: units by IB name, of the traders and the house, and what pays nothing by reason or code. */
export type NaiveSums = {
  trades: number;
  rebates: number;
  earned: bigint;
  readonly byIb: Record<string, { units: bigint; rebates: number }>;
  traders: bigint;
  house: bigint;
  readonly unpaid: Record<string, number>;
  readonly parked: Record<string, number>;
};

type Raw = RawDeal;

function numberIn(raw: Raw, name: string): bigint {
  const value = raw[name] ?? '0';
  if (typeof value !== 'string' && typeof value !== 'number') throw new TypeError(`${name} is no number`);
  return BigInt(value);
}
const timeOf = (raw: Raw): number =>
  raw['TimeMsc'] === undefined ? Number(raw['Time']) * 1000 : Number(raw['TimeMsc']);

/** In 1e-8 lot: VolumeExt as it is, Volume in 1/10 000 lot. */
const volume = (raw: Raw, name: 'Volume' | 'VolumeClosed'): bigint =>
  raw[`${name}Ext`] === undefined ? numberIn(raw, name) * 10_000n : numberIn(raw, `${name}Ext`);

function closedOf(raw: Raw): bigint {
  if (numberIn(raw, 'Action') > 1n) return 0n;
  if (numberIn(raw, 'Entry') === 2n) return volume(raw, 'VolumeClosed');
  return numberIn(raw, 'Entry') === 0n ? 0n : volume(raw, 'Volume');
}

/** The last reversal before the deal, else the first entry of its position; by ticket. */
function openOf(deals: readonly Raw[], deal: Raw): Raw | undefined {
  const position = numberIn(deal, 'PositionID');
  const before = deals.filter(
    (other) =>
      position > 0n && numberIn(other, 'PositionID') === position && numberIn(other, 'Deal') < numberIn(deal, 'Deal'),
  );
  return (
    before.findLast((other) => numberIn(other, 'Entry') === 2n) ??
    before.find((other) => numberIn(other, 'Entry') === 0n)
  );
}

/** Goes through deals in the order of their tickets, one at a time, with the plainest of engines. */
export function naiveDemo(seed: SeedBrokerage, deals: readonly Raw[]): NaiveSums {
  const sums: NaiveSums = {
    trades: 0,
    rebates: 0,
    earned: 0n,
    byIb: {},
    traders: 0n,
    house: 0n,
    unpaid: {},
    parked: {},
  };
  const byPosition = new Map<bigint, Raw[]>();
  for (const deal of deals) {
    const position = numberIn(deal, 'PositionID');
    byPosition.set(position, [...(byPosition.get(position) ?? []), deal]);
  }
  for (const deal of deals) {
    if (closedOf(deal) === 0n) continue;
    sums.trades += 1;
    add(sums, seed, factsOf(seed, byPosition.get(numberIn(deal, 'PositionID')) ?? [], deal));
  }
  return sums;
}

function add(sums: NaiveSums, seed: SeedBrokerage, facts: NaiveFacts): void {
  const outcome = naiveEngine(facts);
  if (outcome.kind === 'parked') {
    sums.parked[outcome.code] = (sums.parked[outcome.code] ?? 0) + 1;
    return;
  }
  if (outcome.kind === 'unpaid') {
    sums.unpaid[outcome.reason] = (sums.unpaid[outcome.reason] ?? 0) + 1;
    return;
  }
  sums.earned += outcome.earningUnits;
  for (const { kind, beneficiary, units } of outcome.rebates) {
    sums.rebates += 1;
    if (kind === 'client') sums.traders += units;
    if (kind === 'house') sums.house += units;
    if (kind !== 'ib') continue;
    const name = seed.ibs[beneficiary]?.name ?? '';
    const sum = sums.byIb[name] ?? { units: 0n, rebates: 0 };
    sums.byIb[name] = { units: sum.units + units, rebates: sum.rebates + 1 };
  }
}

/** IBs are known by their place in the seed, clients too. */
function factsOf(seed: SeedBrokerage, ofPosition: readonly Raw[], deal: Raw): NaiveFacts {
  const login = numberIn(deal, 'Login');
  const clientKey = seed.clients.findIndex(({ accounts }) => accounts.some((account) => account.login === login));
  const client = seed.clients[clientKey];
  const group = client?.accounts.find((account) => account.login === login)?.group ?? '';
  const symbol = seed.symbols.find(({ rawName }) => rawName === deal['Symbol']);
  const open = openOf(ofPosition, deal);
  const path = pathOf(seed, client?.ib ?? -1);
  const plan = path.flatMap((place) => seed.plans.flatMap((each, index) => (each.master === place ? [index] : [])))[0];
  const definition = plan === undefined ? undefined : seed.plans[plan]?.definition;
  const lots = closedOf(deal).toString().padStart(9, '0');
  return {
    clientKey,
    lots: `${lots.slice(0, -8)}.${lots.slice(-8)}`,
    lotFactor: seed.groups.find(({ name }) => name === group)?.lotFactor ?? '0',
    symbol: symbol?.symbol ?? '',
    symbolGroup: symbol?.symbolGroup ?? '',
    accountGroup: group,
    openedAtMs: open === undefined ? undefined : timeOf(open),
    closedAtMs: timeOf(deal),
    timesHaveMs: deal['TimeMsc'] !== undefined && open?.['TimeMsc'] !== undefined,
    plan: definition,
    chain: path.map((place): NaiveLink => {
      const rate = seed.ibs[place]?.rate;
      return {
        ibKey: place,
        status: 'active',
        terms: rate === undefined || rate.plan !== plan ? undefined : [{ rate: rate.rate }],
      };
    }),
  };
}

function pathOf(seed: SeedBrokerage, from: number): number[] {
  const path: number[] = [];
  for (let place: number | null = from; place !== null && place >= 0; place = seed.ibs[place]?.parent ?? null)
    path.push(place);
  return path;
}
