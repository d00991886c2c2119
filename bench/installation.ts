import { Currency } from '../src/kernel/currency.ts';
import type { TenantId } from '../src/kernel/ids.ts';
import { systemClock } from '../src/kernel/clock.ts';
import { type AccountRef, ensureAccounts } from '../src/ledger/index.ts';
import type { Platform } from '../src/main/compose.ts';
import { sourceSealer } from '../src/main/roles.ts';
import { openWork, type Work } from '../src/main/work.ts';
import { readConfig } from '../src/platform/config.ts';
import { databaseAddress } from '../src/platform/database.ts';
import { createLogger, type Logger } from '../src/platform/logger.ts';
import { type CompleteConfig, completeConfig } from '../src/platform/secrets.ts';
import type { WithTenant } from '../src/platform/tenant-tx.ts';
import { openTenancy } from '../src/tenancy/index.ts';
import { receive } from '../src/trading/feed/service.ts';
import { seedBrokerage, type SeedBrokerage } from '../seeds/brokerage.ts';
import type { Postgres, RedisServer } from './cluster.ts';
import { Commits } from './commits.ts';
import { type BenchTrade, Deals } from './deals.ts';
import { batchesOf, signed } from './sender.ts';

export type Backend = 'redis' | 'postgres';

/** A brokerage of the benchmark: a tenant with its database, and the deals that come in. */
export type Brokerage = {
  readonly tenantId: TenantId;
  readonly slug: string;
  readonly database: string;
  readonly seed: SeedBrokerage;
  readonly source: { readonly id: string; readonly secret: string };
  readonly deals: Deals;
};

/** The product as `npm start` puts it together, on the benchmark's own servers. */
export type Installation = {
  readonly config: CompleteConfig;
  readonly platform: Platform;
  readonly commits: Commits;
  readonly log: Logger;
  readonly works: ReadonlyMap<Backend, Work>;
  readonly postgres: Postgres;
  readonly redis: RedisServer | undefined;
  readonly createBrokerage: (slug: string, seed: SeedBrokerage, randomSeed: number) => Promise<Brokerage>;
  /** Stores lines through the feed and tells nobody. */
  readonly store: (brokerage: Brokerage, lines: readonly string[]) => Promise<void>;
  /** The next trades of a brokerage; the opens of their positions are stored, they themselves are not. */
  readonly nextTrades: (brokerage: Brokerage, count: number) => Promise<BenchTrade[]>;
  readonly close: () => Promise<void>;
};

export async function openInstallation(
  postgres: Postgres,
  redis: RedisServer | undefined,
  backends: readonly Backend[],
): Promise<Installation> {
  const config = completeConfig(
    readConfig({
      PORT: '0',
      DATABASE_URL: postgres.url,
      CASCADE_SECRET: 'the secret of a benchmark: 0123456789',
      CASCADE_OPERATOR_TOKEN: 'the token of a benchmark: 9876543210',
      CASCADE_INSTALLATION: 'bench',
    }),
    'required',
  );
  const log = createLogger({ level: process.env['CASCADE_BENCH_LOG'] ?? 'error', role: 'bench' });
  const commits = new Commits();
  const tenancy = await openTenancy({
    admin: databaseAddress(postgres.url),
    installation: config.installation,
    secret: config.secret,
    baseHost: config.baseHost,
    budget: {
      connectionsMax: config.connectionsMax,
      connectionsPerTenantMax: config.connectionsPerTenantMax,
      idleCloseMs: config.poolIdleCloseMs,
      waitMsMax: config.poolWaitMsMax,
    },
    registryTtlMs: config.registryPeriodMs,
    clock: systemClock,
    log,
  });
  const watched = { ...tenancy, withTenant: commits.watched(tenancy.withTenant) };
  const platform: Platform = {
    admin: databaseAddress(postgres.url),
    access: 'administrator',
    tenancy: watched,
    close: tenancy.close,
  };
  const works = new Map<Backend, Work>();
  for (const backend of backends) {
    if (backend === 'redis' && redis === undefined) continue;
    works.set(
      backend,
      await openWork(platform, { ...config, redisUrl: backend === 'redis' ? redis?.url : undefined }, log),
    );
  }
  const feed = { withTenant: tenancy.withTenant, sealer: sourceSealer(config), clock: systemClock };
  const store = async (brokerage: Brokerage, lines: readonly string[]): Promise<void> => {
    for (const batch of batchesOf(lines)) {
      const request = {
        sourceId: brokerage.source.id,
        headers: signed(brokerage.source, batch),
        body: batch.body,
        log,
      };
      await receive(feed, brokerage.tenantId, request, 'bench');
    }
  };
  return {
    config,
    platform,
    commits,
    log,
    works,
    postgres,
    redis,
    createBrokerage: async (slug, seed, randomSeed) => {
      const tenant = await tenancy.createTenant({ slug, name: slug });
      const made = await seedBrokerage(feed, tenant.id, seed);
      if (made.ibs.some((ib, place) => ib.key !== place + 1))
        throw new Error('the IBs of a new brokerage are numbered from 1');
      await openAccounts(tenancy.withTenant, tenant.id, seed);
      return {
        tenantId: tenant.id,
        slug,
        database: tenant.database,
        seed,
        source: made.source,
        deals: new Deals(seed, randomSeed),
      };
    },
    store,
    nextTrades: async (brokerage, count) => {
      const trades = brokerage.deals.trades(count);
      await store(brokerage, brokerage.deals.opensOf(trades));
      return trades;
    },
    close: async () => {
      for (const work of works.values()) await work.close();
      await tenancy.close();
    },
  };
}

const ACCOUNTS_AT_ONCE = 10_000;

/** Everybody has been paid before: a brokerage at work opens few ledger accounts. */
async function openAccounts(
  withTenant: WithTenant,
  tenantId: TenantId,
  { ibs, clients }: SeedBrokerage,
): Promise<void> {
  const currency = Currency.parse('USD');
  const refs: AccountRef[] = [
    { purpose: 'commission_expense', owner: 0, currency },
    ...ibs.map((_ib, place): AccountRef => ({ purpose: 'ib_payable', owner: place + 1, currency })),
    ...clients.map((_client, place): AccountRef => ({ purpose: 'trader_rebate_payable', owner: place + 1, currency })),
  ];
  for (let from = 0; from < refs.length; from += ACCOUNTS_AT_ONCE)
    await withTenant(tenantId, { actor: 'bench', causation: 'accounts' }, (tx) =>
      ensureAccounts(tx, refs.slice(from, from + ACCOUNTS_AT_ONCE)),
    );
}
