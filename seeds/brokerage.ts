import type { Clock } from '../src/kernel/clock.ts';
import type { Currency } from '../src/kernel/currency.ts';
import type { PlanId, SourceId, TenantId } from '../src/kernel/ids.ts';
import { createClients, openAccounts } from '../src/clients/index.ts';
import {
  agree,
  assignPlan,
  createPlan,
  draftVersion,
  type PlanDefinition,
  publishVersion,
} from '../src/commissions/index.ts';
import { type CreatedIb, createIbs, linkClients } from '../src/ib/index.ts';
import type { Sealer } from '../src/platform/crypto.ts';
import type { WithTenant } from '../src/platform/tenant-tx.ts';
import {
  createServer,
  createSource,
  type GroupSetting,
  mapSymbols,
  type ServerClockRule,
  setGroups,
  type SymbolMapping,
} from '../src/trading/index.ts';
import type { SeedPerson } from './people.ts';

/** A plan and for whom it holds: the tree below one master (its place among the IBs), or everybody. */
export type SeedPlan = {
  readonly name: string;
  readonly definition: PlanDefinition;
  readonly master: number | undefined;
};

/** An IB by the place of the one above it; `rate` is what it agreed upon under the plan of that place, `rank` its rank there. */
export type SeedIb = {
  readonly name: string;
  readonly parent: number | null;
  readonly rate?: { readonly plan: number; readonly rate: string };
  readonly rank?: { readonly plan: number; readonly rank: string };
};

/** A client of the IB at a place, with its trading accounts. */
export type SeedClient = Partial<SeedPerson> & {
  readonly name: string;
  readonly ib: number;
  readonly accounts: readonly { readonly login: bigint; readonly group: string; readonly currency: Currency }[];
};

/** A brokerage from nothing: a trade server, its feed, who trades there, who brought them and what that earns. */
export type SeedBrokerage = {
  /** Since when all of it holds; an import says a past instant. */
  readonly validFrom: Date;
  readonly server: ServerClockRule & { readonly name: string };
  readonly symbols: readonly SymbolMapping[];
  readonly groups: readonly GroupSetting[];
  readonly ibs: readonly SeedIb[];
  readonly clients: readonly SeedClient[];
  readonly plans: readonly SeedPlan[];
};

/** What was made: the IBs in the order of the seed, and the feed's source with its secret. */
export type SeededBrokerage = {
  readonly ibs: readonly CreatedIb[];
  readonly planIds: readonly PlanId[];
  readonly source: { readonly id: SourceId; readonly secret: string };
};

/** Writes a brokerage through the features' own doors, in one transaction: all of it or nothing. */
export const seedBrokerage = (
  deps: { readonly withTenant: WithTenant; readonly sealer: Sealer; readonly clock: Clock },
  tenantId: TenantId,
  seed: SeedBrokerage,
): Promise<SeededBrokerage> =>
  deps.withTenant(tenantId, { actor: 'seed', causation: 'seed' }, async (tx) => {
    const { validFrom } = seed;
    await createServer(tx, { ...seed.server, platform: 'mt5' });
    await mapSymbols(tx, { server: seed.server.name, symbols: seed.symbols, validFrom });
    await setGroups(tx, { server: seed.server.name, groups: seed.groups, validFrom });
    const source = await createSource(tx, deps, { server: seed.server.name, name: 'bridge' });

    const ibs = await createIbs(
      tx,
      seed.ibs.map(({ name, parent }) => ({ name, parent, validFrom })),
    );
    const keyOf = (place: number): number => {
      const ib = ibs[place];
      if (ib === undefined) throw new RangeError(`the seed has no IB at place ${place}`);
      return ib.key;
    };
    const clients = await createClients(
      tx,
      // Whoever trades here was admitted.
      seed.clients.map(({ ib: _ib, accounts: _accounts, ...client }) => ({ ...client, kycState: 'approved' as const })),
    );
    await linkClients(
      tx,
      clients.map((client, place) => ({
        clientKey: client.key,
        ibKey: keyOf(seed.clients[place]?.ib ?? -1),
        validFrom,
      })),
    );
    await openAccounts(
      tx,
      clients.flatMap(({ key }, place) =>
        (seed.clients[place]?.accounts ?? []).map((account) => ({
          ...account,
          clientKey: key,
          server: seed.server.name,
        })),
      ),
    );

    const planIds: PlanId[] = [];
    for (const [place, plan] of seed.plans.entries()) {
      const planId = await createPlan(tx, { name: plan.name });
      const number = await draftVersion(tx, { planId, definition: plan.definition });
      await publishVersion(tx, { planId, number, validFrom });
      await assignPlan(tx, { planId, validFrom, ...(plan.master === undefined ? {} : { ibKey: keyOf(plan.master) }) });
      const agreements = seed.ibs.flatMap(({ rate, rank }, ib) => {
        const terms = [
          ...(rate?.plan === place ? [{ rate: rate.rate }] : []),
          ...(rank?.plan === place ? [{ rank: rank.rank }] : []),
        ];
        return terms.length === 0 ? [] : [{ ibKey: keyOf(ib), terms, validFrom }];
      });
      if (agreements.length > 0) await agree(tx, { planId, agreements });
      planIds.push(planId);
    }
    return { ibs, planIds, source };
  });
