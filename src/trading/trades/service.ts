import { parseStrictJson } from '../../platform/strict-json.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { translateDeal } from '../platforms/mt5/translate.ts';
import type { Deal, RawDeal } from '../types.ts';
import * as queries from './queries.ts';
import type { ClosedTrade, ClosedTradeFilter, TradePoint } from './types.ts';

export type TradeSort = 'closedAt' | '-closedAt';

/**
 * Trades in the order of their close. Looks at the next `looked` behind `after` and gives those of them that the filter
 * wants, and the last one looked at, from where to go on (null where there are no more): so a filter that fits little costs
 * no more than one that fits all.
 */
export async function closedTrades(
  tx: TenantTx,
  asked: {
    readonly filter: ClosedTradeFilter;
    readonly sort: TradeSort;
    readonly after: TradePoint | null;
    readonly looked: number;
  },
): Promise<{ readonly trades: ClosedTrade[]; readonly end: TradePoint | null }> {
  const { symbol, state, logins, from, to } = asked.filter;
  const range = {
    from,
    to,
    afterAt: asked.after?.closedAt,
    afterKey: asked.after?.dealKey,
    limit: asked.looked,
  };
  const rows =
    logins === undefined
      ? await queries.tradesByClose[asked.sort](tx, range)
      : await queries.tradesOfLogins[asked.sort](tx, {
          ...range,
          servers: logins.map(({ server }) => server),
          logins: logins.map(({ login }) => login),
        });
  const last = rows.at(-1);
  return {
    trades: rows.filter(
      (row) => (symbol === undefined || row.symbol === symbol) && (state === undefined || row.state === state),
    ),
    end: rows.length < asked.looked || last === undefined ? null : { closedAt: last.closedAt, dealKey: last.dealKey },
  };
}

/** One trade with what the platform said of it; undefined where there is no such closing deal. */
export async function tradeOfKey(
  tx: TenantTx,
  dealKey: bigint,
): Promise<{ readonly trade: ClosedTrade; readonly deal: Deal | undefined } | undefined> {
  const [found] = await queries.tradeOfKey(tx, { dealKey });
  if (found === undefined) return undefined;
  const { raw, ...trade } = found;
  const json = parseStrictJson(raw, { lengthMax: 1_048_576, depthMax: 64 });
  const deal = json.ok ? translateDeal(json.value as RawDeal) : undefined; // Objects only are stored.
  return { trade, deal: deal?.ok === true ? deal.value : undefined };
}
