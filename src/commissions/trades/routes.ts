import type { z } from 'zod';
import { formatDecimal } from '../../kernel/decimal.ts';
import { dealIdOf, tradeIdOf } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import type { Reach } from '../../platform/access.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { LOT_DIGITS } from '../types.ts';
import * as contract from './contract.ts';
import { type FoundTrade, listTrades, toldFor, tradeWithin } from './service.ts';

/** The routes of trades and of the explanation of what they earned. */
export const tradeRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listTrades, ({ tenantId, origin, access: { reach }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, ...filter } = query;
      const { rows, nextCursor } = await listTrades(tx, { reach, filter, page: { limit, cursor, sort } });
      return { status: 200, json: { data: rows.map((found) => tradeShown(found, reach)), nextCursor } };
    }),
  ),
  route(contract.readTrade, ({ tenantId, origin, access: { reach }, params: { tradeId } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { deal, ...found } = await tradeWithin(tx, reach, tradeId);
      return {
        status: 200,
        json: {
          ...tradeShown(found, reach),
          positionId: String(found.trade.positionId),
          openedAt: found.booking?.openedAt?.toISOString() ?? null,
          bookedAt: found.booking?.bookedAt.toISOString() ?? null,
          price: deal?.price ?? null,
          openPrice: deal?.priceOpen ?? null,
          profit: deal?.profit ?? null,
          commission: deal?.commission ?? null,
          swap: deal?.storage ?? null,
        },
      };
    }),
  ),
  route(contract.explainTradeRebates, ({ tenantId, origin, access: { reach }, params: { tradeId }, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { steps, rebates, chain, revisions, ...told } = await toldFor(tx, reach, tradeId, query);
      return {
        status: 200,
        json: {
          ...told,
          steps: [...steps],
          rebates: [...rebates],
          chain: [...chain],
          revisions: revisions.map((revision) => ({ ...revision, changes: [...revision.changes] })),
        },
      };
    }),
  ),
];

function tradeShown(
  { trade, account, state, reason, booking }: FoundTrade,
  { everything }: Reach,
): z.input<typeof contract.Trade> {
  const { dealKey, ticket, server, login, symbol, closedVolume, openedVolume, closedAt } = trade;
  const earned = everything && booking?.currency !== undefined ? booking : undefined;
  return {
    id: tradeIdOf(dealKey),
    dealId: dealIdOf(dealKey),
    ticket: String(ticket),
    server,
    login: login === null ? null : String(login),
    accountId: account?.id ?? null,
    clientId: account?.clientId ?? null,
    symbol,
    lots: formatDecimal({ coefficient: closedVolume || openedVolume, scale: LOT_DIGITS }, 2),
    closedAt: (booking?.closedAt ?? closedAt).toISOString(),
    state,
    reason,
    earning:
      earned?.currency === undefined ? null : moneyJson({ units: earned.earningUnits, currency: earned.currency }),
  };
}
