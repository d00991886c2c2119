import { Currency } from '../src/kernel/currency.ts';
import type { PlanDefinition } from '../src/commissions/index.ts';
import type { SymbolMapping } from '../src/trading/index.ts';
import type { SeedBrokerage, SeedClient, SeedIb, SeedPlan } from './brokerage.ts';
import { DEMO_GROUPS, DEMO_SYMBOLS, NEW_YORK_CLOSE } from './market.ts';
import { personOf } from './people.ts';

const USD = Currency.parse('USD');

/** Everything of the demo holds since before its oldest deal, of 2016. */
const SINCE = new Date('2016-01-01T00:00:00Z');

/** Per lot: 8 USD, on metals 12; shared by what each IB agreed upon, up to 8, so that the house keeps a part of metals. */
const differential: PlanDefinition = {
  currency: USD,
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'differential', suspension: 'roll-up' },
      rules: [
        { name: 'currencies', symbolGroup: 'fx', budget: '8.00' },
        { name: 'metals', symbolGroup: 'metals', budget: '12.00' },
        { name: 'crypto', symbolGroup: 'crypto', budget: '8.00' },
        { name: 'others', symbolGroup: 'others', budget: '8.00' },
      ],
      traderRebate: '30',
      filters: [{ kind: 'minimum_time_open', seconds: 60 }],
    },
  ],
};

/** The same, and a sum for each client once it has deposited 200, and more at 1000. */
const agreedWithCpa: PlanDefinition = {
  ...differential,
  periods: [
    {
      name: 'new-clients',
      model: {
        kind: 'cpa',
        tables: [
          {
            steps: [
              { deposits: '200', pays: '60' },
              { deposits: '1000', pays: '150' },
            ],
          },
        ],
      },
      levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['70', '20', '10'] },
      part: '100',
      traderRebate: '0',
    },
  ],
};

/** Per lot: 6 USD whatever the symbol, 40 USD a trade at most; a pot shared by weights, of which the house has those of missing levels. */
const pot: PlanDefinition = {
  currency: USD,
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'pool', weights: [50, 25, 15, 10], lacking: 'house' },
      rules: [{ name: 'everything', budget: '6.00' }],
      traderRebate: '0',
      filters: [],
      adjusters: [{ kind: 'cap', of: 'order', amount: '40.00' }],
    },
  ],
};

/** Two fifths of the spread by rank, and per lot by tiers of what the IB's own clients traded in the month. */
const ranksAndTiers: PlanDefinition = {
  currency: USD,
  components: [
    {
      name: 'spread',
      model: { kind: 'spread_share', spread: 'close', limits: [] },
      levels: {
        kind: 'rank_slots',
        unit: 'percent',
        ranks: [
          { name: 'partner', slot: '50' },
          { name: 'senior', slot: '30' },
          { name: 'master', slot: '15' },
        ],
      },
      rules: [{ name: 'everything', budget: '40' }],
      traderRebate: '10',
      filters: [],
    },
    {
      name: 'lots',
      model: { kind: 'per_lot' },
      levels: { kind: 'share_up', shares: ['25', '10'] },
      rules: [{ name: 'everything', budget: '3.00' }],
      traderRebate: '0',
      filters: [{ kind: 'minimum_time_open', seconds: 60 }],
      adjusters: [
        {
          kind: 'tier',
          by: 'lots',
          of: 'ib',
          mode: 'marginal',
          unit: 'rate',
          tiers: [{ upTo: '10', rate: '2.00' }, { upTo: '50', rate: '2.50' }, { rate: '3.00' }],
        },
      ],
    },
  ],
};

const RATES_BY_DEPTH = ['8.00', '7.00', '5.50', '4.00', '3.00'];

/** A chain or fan of IBs: `above` is the place of the one above; the rate falls with the depth. */
function treeOf(plan: number, rows: readonly (readonly [name: string, above: number | null])[]): SeedIb[] {
  const depths: number[] = [];
  return rows.map(([name, parent], place) => {
    const depth = parent === null ? 0 : (depths[parent] ?? 0) + 1;
    depths[place] = depth;
    return { name, parent, rate: { plan, rate: RATES_BY_DEPTH[Math.min(depth, RATES_BY_DEPTH.length - 1)] ?? '3.00' } };
  });
}

const NAMES = [
  'Maria',
  'Omar',
  'Lena',
  'Kim',
  'Ines',
  'Tariq',
  'Yuki',
  'Noor',
  'Pavel',
  'Chidi',
  'Rosa',
  'Stefan',
  'Amara',
  'Jonas',
  'Mei',
  'Luca',
];

/** `count` clients spread over IBs; logins rise from `firstLogin`, those of real accounts come first. */
function clientsOf(
  ibs: readonly SeedIb[],
  count: number,
  firstLogin: bigint,
  { logins: fixture, currency }: Pick<RealAccounts, 'logins' | 'currency'> = NO_REAL_ACCOUNTS,
): SeedClient[] {
  const groups = ['real\\standard', 'real\\standard', 'real\\raw', 'real\\standard', 'real\\cent'];
  return Array.from({ length: count }, (_none, place): SeedClient => {
    const login = fixture[place] ?? firstLogin + BigInt(place);
    const group = place < fixture.length ? 'real\\standard' : (groups[place % groups.length] ?? 'real\\standard');
    return {
      ...personOf(place),
      ib: (place * 7 + 3) % ibs.length,
      accounts: [{ login, group, currency: place < fixture.length ? currency : USD }],
    };
  });
}

/** Accounts of a real server that trade at the demo broker: their currency, symbols of theirs that it has not yet, and since when it is needed. */
export type RealAccounts = {
  readonly logins: readonly bigint[];
  readonly currency: Currency;
  readonly symbols: readonly SymbolMapping[];
  readonly since: Date;
};
const NO_REAL_ACCOUNTS: RealAccounts = { logins: [], currency: USD, symbols: [], since: SINCE };

/** Those of the MetaTrader files whose figures feed-fixture.ndjson carries. */
export const FIXTURE_ACCOUNTS: RealAccounts = { ...NO_REAL_ACCOUNTS, logins: [5006391922n, 3873474n, 900103n] };

const FIRST_LOGIN = 900_200n;
const CLIENTS = 40;

/** Acme: two masters, one tree by agreed rates with CPA, one with a pot for each trade. Its first clients have the real accounts. */
export function acme(real: RealAccounts = FIXTURE_ACCOUNTS): SeedBrokerage {
  const ibs: SeedIb[] = [
    ...treeOf(0, [
      ['Maria', null],
      ['Omar', 0],
      ['Lena', 1],
      ['Kim', 2],
      ['Ines', 1],
      ['Tariq', 0],
      ['Yuki', 5],
      ['Noor', 3],
    ]),
    { name: 'Pavel', parent: null },
    { name: 'Chidi', parent: 8 },
    { name: 'Rosa', parent: 9 },
    { name: 'Stefan', parent: 10 },
  ];
  const plans: SeedPlan[] = [
    { name: 'Agreed rates', definition: agreedWithCpa, master: 0 },
    { name: 'Pot by weights', definition: pot, master: 8 },
  ];
  const isTaken = real.logins.some((login) => login >= FIRST_LOGIN && login < FIRST_LOGIN + BigInt(CLIENTS));
  const clients = clientsOf(ibs, CLIENTS, isTaken ? FIRST_LOGIN + BigInt(CLIENTS) : FIRST_LOGIN, real);
  const made = brokerage('Acme-Live', ibs, clients, plans);
  const known = new Set(made.symbols.map(({ rawName }) => rawName));
  return {
    ...made,
    validFrom: real.since < SINCE ? real.since : SINCE,
    symbols: [...made.symbols, ...real.symbols.filter(({ rawName }) => !known.has(rawName))],
  };
}

/** Zenith: one deep tree with ranks, a share of the spread and tiers. */
export function zenith(): SeedBrokerage {
  const ibs: SeedIb[] = [
    { name: 'Amara', parent: null, rank: { plan: 0, rank: 'master' } },
    { name: 'Jonas', parent: 0, rank: { plan: 0, rank: 'senior' } },
    { name: 'Mei', parent: 1, rank: { plan: 0, rank: 'partner' } },
    { name: 'Luca', parent: 2, rank: { plan: 0, rank: 'partner' } },
    { name: 'Sofia', parent: 2 },
    { name: 'Ravi', parent: 1, rank: { plan: 0, rank: 'senior' } },
  ];
  return brokerage('Zenith-Live', ibs, clientsOf(ibs, 25, 500_100n), [
    { name: 'Ranks and tiers', definition: ranksAndTiers, master: undefined },
  ]);
}

/** A brokerage of any size: a tree in which each IB has about four below, and clients spread over it. */
export function generated(size: { readonly ibs: number; readonly clients: number }): SeedBrokerage {
  const ibs = treeOf(
    0,
    Array.from(
      { length: size.ibs },
      (_none, place) =>
        [
          `${NAMES[place % NAMES.length] ?? 'IB'} ${place + 1}`,
          place === 0 ? null : Math.floor((place - 1) / 4),
        ] as const,
    ),
  );
  return brokerage('Bench-Live', ibs, clientsOf(ibs, size.clients, 1_000_000n), [
    { name: 'Agreed rates', definition: differential, master: undefined },
  ]);
}

const brokerage = (
  server: string,
  ibs: readonly SeedIb[],
  clients: readonly SeedClient[],
  plans: readonly SeedPlan[],
): SeedBrokerage => ({
  validFrom: SINCE,
  server: { name: server, ...NEW_YORK_CLOSE },
  symbols: DEMO_SYMBOLS,
  groups: DEMO_GROUPS,
  ibs,
  clients,
  plans,
});
