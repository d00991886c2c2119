import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/kernel/clock.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import type { SourceId } from '../../src/kernel/ids.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import type { CreatedIb } from '../../src/ib/index.ts';
import {
  type BatchOutcome,
  bookDueTrades,
  PayableAccounts,
  PlanBooks,
  type Memory,
  type PlanDefinition,
} from '../../src/commissions/index.ts';
import { NOTHING_BOOKED } from '../../src/commissions/booking/types.ts';
import { FeedAnswer, type RawDeal, serverTimeFromUtc, signFeedRequest } from '../../src/trading/index.ts';
import { receive } from '../../src/trading/feed/service.ts';
import { seedBrokerage, type SeedBrokerage, type SeedIb } from '../../seeds/brokerage.ts';
import { DEMO_GROUPS, DEMO_SYMBOLS, NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { testLog, type TestTenant } from './tenancy.ts';

const USD = Currency.parse('USD');
const LINES_MAX = 1_000;
const BOOKED_AT_ONCE = 1_000;
/** The instant of the first deal that names no time; each further one closes a minute later. */
const FIRST_CLOSE_MS = Date.UTC(2026, 2, 10, 10);

/** What a test says of its brokerage; all else has a default. */
export type BrokerageWords = {
  /** A chain of IBs from the master down, each with its agreed rate per lot; clients belong to the last one. */
  readonly chain?: string;
  readonly clients?: number;
  /** The plan's component: a budget of 8.00 USD per lot, differential, no trader rebate, no filter, unless said. */
  readonly plan?: Partial<PlanDefinition['components'][number]> & { readonly budget?: string };
  /** Anything else, for example a whole seed of another shape. */
  readonly seed?: Partial<SeedBrokerage>;
};

/** A closed position: what is not said is one lot of EURUSD of the first client, open for an hour. */
export type DealWords = {
  readonly login?: bigint;
  readonly symbol?: string;
  readonly lots?: string;
  readonly closedAt?: Date;
  readonly heldMs?: number;
};

export type Brokerage = {
  readonly seed: SeedBrokerage;
  /** By name. */
  readonly ibs: ReadonlyMap<string, CreatedIb>;
  readonly logins: readonly bigint[];
  readonly source: { readonly id: SourceId; readonly secret: string };
  readonly memory: Memory;
  /** The deals of a position that was opened and closed, as the server tells them: the open, then the close. */
  readonly deal: (words?: DealWords) => RawDeal[];
  /** Sends deals through the feed, signed, in batches of 1 000; gives the answers. */
  readonly feed: (deals: Iterable<RawDeal>) => Promise<FeedAnswer[]>;
  /** Sends lines of a feed as they are, in one batch. */
  readonly tell: (
    lines: readonly {
      readonly type: string;
      readonly deal?: RawDeal;
      readonly account?: RawDeal;
      readonly seq?: number;
    }[],
  ) => Promise<FeedAnswer>;
  /** Books all that is due, and gives the sum of the outcomes. */
  readonly book: () => Promise<BatchOutcome>;
};

/** Fills a test tenant with a brokerage through the real doors: server, symbols, groups, IBs, clients, plan, agreements, feed. */
export async function openBrokerage(
  { tenancy, tenant, inTenant }: TestTenant,
  words: BrokerageWords = {},
): Promise<Brokerage> {
  const seed = seedOf(words);
  const deps = {
    withTenant: tenancy.withTenant,
    clock: systemClock,
    sealer: makeSealer('a secret of the tests alone', 'trading.sources'),
  };
  const { ibs, source } = await seedBrokerage(deps, tenant.id, seed);
  const logins = seed.clients.flatMap((client) => client.accounts.map((account) => account.login));
  const memory: Memory = { books: new PlanBooks(), payables: new PayableAccounts() };
  return {
    seed,
    ibs: new Map(ibs.map((ib, place) => [seed.ibs[place]?.name ?? '', ib])),
    logins,
    source,
    memory,
    deal: dealer(logins[0] ?? 0n),
    feed: async (deals) => {
      const answers: FeedAnswer[] = [];
      const lines = [...deals].map((deal) => JSON.stringify({ type: 'deal.add', deal }));
      for (let from = 0; from < lines.length; from += LINES_MAX) {
        const request = signedRequest(source, lines.slice(from, from + LINES_MAX).join('\n'));
        const { answer } = await receive(deps, tenant.id, request, 'test');
        answers.push(FeedAnswer.parse(JSON.parse(answer)));
      }
      return answers;
    },
    tell: async (lines) => {
      const request = signedRequest(source, lines.map((line) => JSON.stringify(line)).join('\n'));
      const { answer } = await receive(deps, tenant.id, request, 'test');
      return FeedAnswer.parse(JSON.parse(answer));
    },
    book: async () => {
      let total = NOTHING_BOOKED;
      for (;;) {
        const outcome = await inTenant((tx) => bookDueTrades(tx, memory, { max: BOOKED_AT_ONCE }));
        if (outcome.claimed === 0) return total;
        total = {
          claimed: total.claimed + outcome.claimed,
          booked: total.booked + outcome.booked,
          unpaid: total.unpaid + outcome.unpaid,
          parked: total.parked + outcome.parked,
          rebates: total.rebates + outcome.rebates,
        };
      }
    },
  };
}

function seedOf({
  chain = 'Maria 8.00 > Omar 7.00 > Lena 5.50 > Kim 4.00',
  clients = 2,
  plan = {},
  seed,
}: BrokerageWords): SeedBrokerage {
  const { budget = '8.00', ...component } = plan;
  const ibs = chain.split('>').map((link, place): SeedIb => {
    const [name = '', rate = '0'] = link.trim().split(' ');
    return { name, parent: place === 0 ? null : place - 1, rate: { plan: 0, rate } };
  });
  const definition: PlanDefinition = {
    currency: USD,
    components: [
      {
        name: 'lots',
        model: { kind: 'per_lot' },
        levels: { kind: 'differential', suspension: 'roll-up' },
        rules: [{ name: 'everything', budget }],
        traderRebate: '0',
        filters: [],
        ...component,
      },
    ],
  };
  return {
    validFrom: new Date('2016-01-01T00:00:00Z'),
    server: { name: 'Test-Live', ...NEW_YORK_CLOSE },
    symbols: DEMO_SYMBOLS,
    groups: DEMO_GROUPS,
    ibs,
    clients: Array.from({ length: clients }, (_none, place) => ({
      name: `Client ${place + 1}`,
      ib: ibs.length - 1,
      accounts: [{ login: 900_001n + BigInt(place), group: 'real\\standard', currency: USD }],
    })),
    plans: [{ name: 'Per lot', definition, master: undefined }],
    ...seed,
  };
}

/** Makes positions with tickets and times that rise from one to the next. */
function dealer(firstLogin: bigint): Brokerage['deal'] {
  let count = 0n;
  return ({ login = firstLogin, symbol = 'EURUSD', lots = '1', closedAt, heldMs = 3_600_000 } = {}) => {
    count += 1n;
    const closedAtMs = closedAt?.getTime() ?? FIRST_CLOSE_MS + Number(count) * 60_000;
    const volume = rescale(parseDecimal(lots), 8);
    if (volume === undefined) throw new RangeError(`${lots} lots are finer than 1e-8`);
    const one = {
      Login: String(login),
      PositionID: String(500_000n + count),
      Symbol: symbol,
      VolumeExt: String(volume),
      ContractSize: '100000',
    };
    const at = (utcMs: number) => ({ TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, utcMs) });
    const [open, close] = [700_000n + 2n * count, 700_001n + 2n * count].map(String);
    return [
      {
        Deal: open ?? '',
        Order: open ?? '',
        ...one,
        Action: 0,
        Entry: 0,
        Price: '1.08440',
        ...at(closedAtMs - heldMs),
      },
      {
        Deal: close ?? '',
        Order: close ?? '',
        ...one,
        Action: 1,
        Entry: 1,
        Price: '1.08512',
        PricePosition: '1.08440',
        Profit: '72.00',
        ...at(closedAtMs),
      },
    ];
  };
}

function signedRequest({ id, secret }: Brokerage['source'], text: string) {
  const body = Buffer.from(text);
  const [batch, nonce] = [randomUUID(), randomUUID()];
  const timestamp = String(Math.floor(systemClock.now().getTime() / 1000));
  const headers = {
    'cascade-batch': batch,
    'cascade-timestamp': timestamp,
    'cascade-nonce': nonce,
    'cascade-signature': signFeedRequest(secret, { timestamp, nonce, batch, body }),
  };
  return { sourceId: id, headers, body, log: testLog };
}
