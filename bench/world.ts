import { Currency } from '../src/kernel/currency.ts';
import type { SeedBrokerage, SeedIb } from '../seeds/brokerage.ts';
import { generated } from '../seeds/brokers.ts';
import { randomOf } from '../simulators/mt-server/index.ts';

/** Shares of the IBs by their level below the house: 4.2 IBs above a client in the mean, 6 at most, at every size. */
const SHARES = [0.02, 0.05, 0.13, 0.32, 0.45, 0.03];
/** Agreed rates by level: each level earns a difference, so a trade pays all that are above it. */
const RATES = ['8.00', '7.00', '5.50', '4.00', '3.00', '2.00'];
const CLIENTS_PER_IB = 3;
const FIRST_LOGIN = 1_000_000n;
const GROUPS = ['real\\standard', 'real\\standard', 'real\\raw', 'real\\standard', 'real\\cent'];

/** The tree of so many IBs: the same share of them on each level, whatever the number. */
function treeOf(count: number, seed: number): SeedIb[] {
  const random = randomOf(seed);
  const ibs: SeedIb[] = [];
  let above = { from: 0, to: 0 };
  let reached = 0;
  for (const [level, share] of SHARES.entries()) {
    reached += share;
    const from = ibs.length;
    const last = level === SHARES.length - 1;
    const to = last ? count : Math.min(count, Math.max(from + 1, Math.round(reached * count)));
    for (let place = from; place < to; place += 1)
      ibs.push({
        name: `IB ${place + 1}`,
        parent: level === 0 ? null : random.whole(above.from, above.to - 1),
        rate: { plan: 0, rate: RATES[level] ?? '2.00' },
      });
    if (to > from) above = { from, to };
  }
  return ibs;
}

/** A brokerage of so many IBs with three clients each: the plan and agreements of the demo, the same for every arm. */
export function benchBrokerage(ibs: number, seed: number): SeedBrokerage {
  const tree = treeOf(ibs, seed);
  const currency = Currency.parse('USD');
  return {
    ...generated({ ibs: 1, clients: 1 }),
    ibs: tree,
    clients: Array.from({ length: ibs * CLIENTS_PER_IB }, (_none, place) => ({
      name: `Client ${place + 1}`,
      ib: place % ibs,
      accounts: [
        { login: FIRST_LOGIN + BigInt(place), group: GROUPS[place % GROUPS.length] ?? 'real\\standard', currency },
      ],
    })),
  };
}

/** How many IBs are above a client, its own included: mean and most. */
export function depthsOf(seed: SeedBrokerage): { mean: number; max: number } {
  const levels: number[] = [];
  for (const { parent } of seed.ibs) levels.push(parent === null ? 1 : (levels[parent] ?? 0) + 1);
  const ofClients = seed.clients.map(({ ib }) => levels[ib] ?? 0);
  return {
    mean: ofClients.reduce((sum, each) => sum + each, 0) / ofClients.length,
    max: ofClients.reduce((most, each) => Math.max(most, each), 0),
  };
}
