import { randomUUID } from 'node:crypto';
import {
  createTenantClient,
  ndjsonOf,
  type TenantClient,
  type TenantResponse,
} from '../../../src/platform/tenant-client.ts';
import { makeSealer } from '../../../src/platform/crypto.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { TenantTx } from '../../../src/platform/tenant-tx.ts';
import type { Tenancy, Tenant } from '../../../src/tenancy/index.ts';
import type { PlanDefinition } from '../../../src/commissions/index.ts';
import { type RawDeal, signFeedRequest } from '../../../src/trading/index.ts';
import { Bridge, type BridgeOptions } from '../../../simulators/mt-server/index.ts';
import { generated } from '../../../seeds/brokers.ts';
import { seedBrokerage, type SeedBrokerage } from '../../../seeds/brokerage.ts';
import { testOrigin } from '../../support/tenancy.ts';
import { Market } from './market.ts';

/** A brokerage on the stage, all of whose texts carry a word that no other one's do. */
export type Broker = {
  readonly tenant: Tenant;
  readonly canary: string;
  readonly seed: SeedBrokerage;
  readonly source: { readonly id: string; readonly secret: string };
  readonly market: Market;
  readonly inTenant: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>;
  /** Rows of a statement, as the application's role reads them. */
  readonly rows: <Row>(sql: string) => Promise<Row[]>;
  readonly bridge: (port: number, options?: Partial<BridgeOptions>) => Bridge;
  /** Sends deals to the feed as a bridge does, in batches, until they are taken. */
  readonly push: (port: number, deals: readonly RawDeal[], batchLinesMax?: number) => Promise<void>;
  /** Sends one batch once, and gives whatever is answered. */
  readonly sendOnce: (port: number, deals: readonly RawDeal[], batch: string) => Promise<TenantResponse>;
  /** How many deals wait to be booked. */
  readonly due: () => Promise<number>;
};

export type BrokerWords = {
  readonly slug: string;
  readonly canary: string;
  readonly ibs: number;
  readonly clients: number;
  readonly randomSeed: number;
  /** What its plan pays by the period, beside what it pays by the trade. */
  readonly periods?: PlanDefinition['periods'] | undefined;
};

/** Makes a tenant with a brokerage of some size through the features' own doors. */
export async function openBroker(tenancy: Tenancy, secret: string, words: BrokerWords): Promise<Broker> {
  const { slug, canary } = words;
  const tenant = await tenancy.createTenant({ slug, name: `${canary} Markets` });
  const { plans, ...rest } = marked(generated({ ibs: words.ibs, clients: words.clients }), canary);
  const seed: SeedBrokerage = {
    ...rest,
    plans: plans.map((plan) => ({
      ...plan,
      definition: { ...plan.definition, ...(words.periods !== undefined && { periods: words.periods }) },
    })),
  };
  const deps = { withTenant: tenancy.withTenant, clock: systemClock, sealer: makeSealer(secret, 'trading.sources') };
  const { ibs, source } = await seedBrokerage(deps, tenant.id, seed);
  const inTenant: Broker['inTenant'] = (work) => tenancy.withTenant(tenant.id, testOrigin, work);
  const rows = <Row>(sql: string): Promise<Row[]> =>
    inTenant(async (tx) => (await tx.sql.raw<{ rows: Row[] }>(sql)).rows);
  const accounts = await rows<{ login: bigint; client: number }>(
    'select login, client_key as client from clients.accounts',
  );
  const keys = {
    ibs: ibs.map(({ key }) => key),
    clientOfLogin: new Map(accounts.map(({ login, client }) => [String(login), client])),
  };
  const client: TenantClient = createTenantClient();
  const bridge: Broker['bridge'] = (port, options = {}) =>
    new Bridge({
      client,
      origin: `http://${slug}.localhost:${port}`,
      sourceId: source.id,
      secret: source.secret,
      attemptsMax: 40,
      retryMsMin: 100,
      ...options,
    });
  return {
    tenant,
    canary,
    seed,
    source,
    market: new Market(seed, keys, words.randomSeed),
    inTenant,
    rows,
    bridge,
    push: async (port, deals, batchLinesMax = 1_000) => void (await bridge(port).run(deals, { batchLinesMax })),
    sendOnce: (port, deals, batch) => {
      const body = Buffer.from(ndjsonOf(deals.map((deal) => ({ type: 'deal.add', deal }))));
      const parts = { timestamp: String(Math.floor(Date.now() / 1000)), nonce: randomUUID(), batch, body };
      return client.send({
        url: `http://${slug}.localhost:${port}/feeds/${source.id}/events`,
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          'cascade-batch': batch,
          'cascade-timestamp': parts.timestamp,
          'cascade-nonce': parts.nonce,
          'cascade-signature': signFeedRequest(source.secret, parts),
        },
        body,
        timeoutMs: 60_000,
      });
    },
    due: async () => Number((await rows<{ due: bigint }>('select count(*) as due from trading.due'))[0]?.due ?? 0n),
  };
}

const marked = (seed: SeedBrokerage, canary: string): SeedBrokerage => ({
  ...seed,
  server: { ...seed.server, name: `${canary}-Live` },
  ibs: seed.ibs.map((ib) => ({ ...ib, name: `${canary} ${ib.name}` })),
  clients: seed.clients.map((client) => ({ ...client, name: `${canary} ${client.name}` })),
  plans: seed.plans.map((plan) => ({ ...plan, name: `${canary} ${plan.name}` })),
});
