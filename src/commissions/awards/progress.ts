import type { TenantTx } from '../../platform/tenant-tx.ts';
import { onlyRow } from '../../platform/query.ts';
import { clientKeys } from '../../clients/index.ts';
import type { ClientId } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { laddersOfClients } from '../ladders/store.ts';
import { PERIOD_REASONS } from '../periods/types.ts';
import { readConfiguration, versionNames } from '../plans/queries.ts';
import { openBook } from '../plans/store.ts';
import * as queries from './queries.ts';

const iso = (at: Date | undefined | null): string | null => at?.toISOString() ?? null;

/** How far a client is towards what plans pay by the client and by the period. `clients.client_unknown`. */
export async function progressOf(tx: TenantTx, clientId: ClientId) {
  const clientKey = (await clientKeys(tx, [clientId])).get(clientId) ?? 0;
  const { version, now } = onlyRow(await readConfiguration(tx, {}));
  const book = await openBook(tx, version);
  const { ladders } = await laddersOfClients(tx, book, [clientKey], { atMs: now.getTime() });
  const results = await queries.resultsOfClient(tx, { clientKey });
  const waits = await queries.waitsOfClient(tx, { clientKey });
  const versionKeys = [
    ...new Set([...ladders.map((ladder) => ladder.version.key), ...results.map((row) => row.planVersionKey)]),
  ];
  const names = new Map((await versionNames(tx, { versionKeys })).map((row) => [row.key, row]));
  return {
    ladders: ladders.flatMap(({ version: { key, plan }, component, progress, paidUnits }) => {
      const name = names.get(key);
      const money = (units: bigint) => moneyJson({ units, currency: plan.currency });
      return name === undefined
        ? []
        : [
            {
              component: component.name,
              plan: { name: name.plan, version: name.number },
              paid: money(paidUnits),
              gates: progress.gates.map(({ openSinceMs, ...gate }) => ({
                ...gate,
                openSince: openSinceMs === undefined ? null : new Date(openSinceMs).toISOString(),
              })),
              steps: progress.steps.map(({ depositUnits, paysUnits, reachedAtMs }) => ({
                deposits: money(depositUnits),
                pays: money(paysUnits),
                reachedAt: reachedAtMs === undefined ? null : new Date(reachedAtMs).toISOString(),
              })),
            },
          ];
    }),
    periods: results.flatMap(({ component, planVersionKey, from, to, earningUnits, carriedUnits, reason }) => {
      const name = names.get(planVersionKey);
      if (name === undefined) return [];
      const money = (units: bigint) => moneyJson({ units, currency: name.currency });
      return [
        {
          component,
          from: from.toISOString(),
          to: to.toISOString(),
          earning: money(earningUnits),
          carriedOver: money(carriedUnits),
          reason,
          sentence: sentenceOf(reason),
        },
      ];
    }),
    waits: waits.map(({ unit, from, to, code, detail, since }) => ({
      unit,
      from: from.toISOString(),
      to: to.toISOString(),
      code,
      detail,
      since: iso(since),
    })),
  };
}

const sentences: Readonly<Record<string, string>> = PERIOD_REASONS;
const sentenceOf = (reason: string | null): string | null => (reason === null ? null : (sentences[reason] ?? null));
