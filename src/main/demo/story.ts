import type { TradeExplanation } from '../../commissions/index.ts';
import { explain } from '../../commissions/index.ts';
import { dealIdOf, type TenantId } from '../../kernel/ids.ts';
import { closingDeals } from '../../trading/index.ts';
import type { Installation } from './installation.ts';

/** Booked trades that are looked at for one that is worth telling. */
const LOOKED_AT_MAX = 50;
const LEVELS_WORTH_TELLING = 4;

/** One paid trade, explained: the first with a chain of four, else the one with the longest chain; undefined where none was paid. */
export const oneTrade = ({ deps }: Installation, tenantId: TenantId): Promise<TradeExplanation | undefined> =>
  deps.platform.tenancy.withTenant(tenantId, { actor: 'demo', causation: 'explain' }, async (tx) => {
    let best: TradeExplanation | undefined;
    let looked = 0;
    for (const { dealKey, state } of await closingDeals(tx, { after: 0n, limit: LOOKED_AT_MAX * 4 })) {
      if (state !== 'handed_on') continue;
      looked += 1;
      if (looked > LOOKED_AT_MAX) break;
      const told = await explain(tx, dealIdOf(dealKey));
      if (told.earning === null || told.chain.length <= (best?.chain.length ?? 0)) continue;
      best = told;
      if (best.chain.length >= LEVELS_WORTH_TELLING) break;
    }
    return best;
  });

/** A trade in words: what came in, how it was shared, a line per step. */
export function tradeInWords(trade: TradeExplanation): string[] {
  const { ticket, symbol, lots, accountGroup, closedAt, openedAt, plan, chain, earning, rebates, steps } = trade;
  const path = chain.map(({ name, status }) => (status === 'active' ? name : `${name} (${status})`)).join(', then ');
  const rule = steps.find(({ step }) => step === 'rule')?.figures;
  const held = openedAt === null ? '' : `, held ${heldFor(Date.parse(closedAt) - Date.parse(openedAt))}`;
  return [
    `Deal ${ticket} closed ${lots} lots of ${symbol} on ${closedAt.slice(0, 16).replace('T', ' ')} UTC${held}; account group ${accountGroup}.`,
    `Its client came from ${path}.`,
    `Plan "${plan?.name ?? ''}" version ${plan?.version ?? ''}, rule "${rule?.['rule'] ?? ''}": ${rule?.['budgetRate'] ?? ''} a lot earn ${earning?.amount ?? ''} ${earning?.currency ?? ''} in all.`,
    ...steps.flatMap(({ step, ib, amount, sentence }) => {
      if (step === 'share') return [`  ${pad(amount)}  ${ib ?? ''}: ${sentence ?? ''}`];
      if (step === 'trader_rebate') return [`  ${pad(amount)}    of it back to the client: the trader rebate`];
      return step === 'house' ? [`  ${pad(amount)}  the house: what nobody claims`] : [];
    }),
    `  ${pad(earning?.amount)}  together, in ${rebates.length} rebates: nothing lost, nothing made up.`,
  ];
}

const pad = (amount = ''): string => amount.padStart(12);

function heldFor(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}
