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

/** A trade in words: what came in, and a line per step with its figures, until each rebate. */
export function tradeInWords(trade: TradeExplanation): string[] {
  const { plan, chain, earning, rebates, steps, revisions } = trade;
  const path = chain.map(({ name, status }) => (status === 'active' ? name : `${name} (${status})`)).join(', then ');
  return [
    `${dealInWords(trade)}.`,
    `Its client came from ${path}.`,
    `Plan "${plan?.name ?? ''}" version ${plan?.version ?? ''} lets it earn ${earning?.amount ?? ''} ${earning?.currency ?? ''} in all:`,
    ...steps.map(stepInWords),
    `  ${pad(earning?.amount)}  together, in ${rebates.length} rebates: nothing lost, nothing made up.`,
    ...revisionsInWords(revisions),
  ];
}

/** A trade that pays nothing, in words, and what it paid before that was corrected. */
export const unpaidInWords = (trade: TradeExplanation, why: string): string[] => [
  `${dealInWords(trade)}.`,
  `It paid nothing: ${why}`,
  ...revisionsInWords(trade.revisions),
];

function dealInWords({ ticket, symbol, lots, accountGroup, closedAt, openedAt }: TradeExplanation): string {
  const held = openedAt === null ? '' : `, held ${heldFor(Date.parse(closedAt) - Date.parse(openedAt))}`;
  return `Deal ${ticket} closed ${lots} lots of ${symbol} on ${minuteOf(closedAt)} UTC${held}; account group ${accountGroup}`;
}

/** Nothing of a trade that was booked once: all else says what it earned, when, and why that is another figure than before. */
function revisionsInWords(revisions: TradeExplanation['revisions']): string[] {
  if (revisions.length < 2) return [];
  return revisions.map(({ revision, bookedAt, cause, reason, earning }) => {
    const why = reason === null ? '' : `: ${reason}`;
    return `  ${pad(earning?.amount)}  ${minuteOf(bookedAt)} UTC, ${revision === 0 ? 'first booked' : wordsOf(cause)}${why}`;
  });
}

const minuteOf = (instant: string): string => instant.slice(0, 16).replace('T', ' ');

/** Exact fractions are for programs. */
const UNTOLD = ['exactNumerator', 'exactDenominator', 'runningTotal', 'weight', 'whole', 'filter', 'adjuster', 'model'];

function stepInWords({
  step,
  component,
  ib,
  amount,
  sentence,
  reason,
  figures,
}: TradeExplanation['steps'][number]): string {
  const line = (words: string): string => `  ${pad(amount)}  ${words}`;
  const why = sentence ?? reason ?? '';
  const shown = Object.entries(figures)
    .filter(([name]) => !UNTOLD.includes(name))
    .map(([name, value]) => `${wordsOf(name)} ${value}`)
    .join(', ');
  const told = shown === '' ? '' : ` (${shown})`;
  if (step === 'rule')
    return line(
      `${component}: ${why === '' ? `rule "${figures['rule'] ?? ''}", rate ${figures['budgetRate'] ?? ''}` : why}`,
    );
  if (step === 'filter')
    return line(`filter ${wordsOf(figures['filter'] ?? '')}${told}: ${why === '' ? 'passed' : why}`);
  if (step === 'earning')
    return line(`by the model ${wordsOf(figures['model'] ?? '')}${told}${why === '' ? '' : `: ${why}`}`);
  if (step === 'volume' || step === 'adjuster')
    return line(`after ${wordsOf(figures['adjuster'] ?? '')}${told}${why === '' ? '' : `: ${why}`}`);
  if (step === 'share') return line(`${ib ?? ''}: ${why}`);
  if (step === 'trader_rebate') return line('  of it back to the client: the trader rebate');
  if (step === 'house') return line('the house: what nobody claims');
  return line(`${ib ?? figures['kind'] ?? ''}: ${why}`);
}

/** A name of a program as people read it: countedLots, minimum_time_open. */
const wordsOf = (name: string): string =>
  name
    .replaceAll('_', ' ')
    .replaceAll(/([a-z])([A-Z])/g, (_all, before: string, after: string) => `${before} ${after.toLowerCase()}`);

const pad = (amount = ''): string => amount.padStart(12);

function heldFor(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1_000)} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}
