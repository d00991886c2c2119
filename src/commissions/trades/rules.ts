import type { ToldStep, TradeExplanation } from '../replay/types.ts';

/** Through whose eyes an explanation is told: an IB (undefined where it was not in the chain), or the client. */
export type Viewer =
  | { readonly kind: 'ib'; readonly ibId: string; readonly depth: number | undefined }
  | { readonly kind: 'client' };

/** Figures of a trade that its own client may know; none of them tells a rate. */
const TRADE_FIGURES = [
  'symbol',
  'symbolGroup',
  'accountGroup',
  'rule',
  'filter',
  'model',
  'lots',
  'lotFactor',
  'countedLots',
];
const FILTER_FIGURES = [
  'heldMs',
  'minimumMs',
  'comparedIn',
  'side',
  'openReason',
  'openPrice',
  'closePrice',
  'closeBid',
  'closeAsk',
  'spreads',
];

const ADJUSTER_FIGURES = ['adjuster', 'by', 'mode', 'side', 'lots', 'countedLots', 'coefficient'];

const pick = (figures: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(figures).filter(([name]) => names.includes(name)));

/**
 * What one beneficiary may see of an explanation: what it needs to follow its own lines, and nobody else's rates. Left out
 * are the budget, the earning as a whole, what is above it in the chain, the house, and every part but its own; of its own
 * share the weight stays (its own rate above those below it, or its own percentage), the exact fractions go, for they are of
 * the whole. Of a revision it sees what that changed for itself, and why.
 */
export function toldTo(explanation: TradeExplanation, viewer: Viewer): TradeExplanation {
  const depth = viewer.kind === 'ib' ? viewer.depth : undefined;
  return {
    ...explanation,
    ...(explanation.openByHand && { openByHand: { ...explanation.openByHand, by: undefined } }),
    earning: null,
    chain: depth === undefined ? [] : explanation.chain.filter((link) => link.depth <= depth),
    rebates: explanation.rebates.filter(
      (rebate) => rebate.kind === viewer.kind && (viewer.kind === 'client' || rebate.depth === depth),
    ),
    steps: explanation.steps.flatMap((step) => stepSeen(step, viewer.kind, depth)),
    revisions: explanation.revisions.map((revision) => ({
      ...revision,
      earning: null,
      changes: revision.changes.filter(
        ({ kind, ibId }) => kind === viewer.kind && (viewer.kind === 'client' || ibId === viewer.ibId),
      ),
    })),
  };
}

function stepSeen(step: ToldStep, kind: Viewer['kind'], depth: number | undefined): ToldStep[] {
  const { step: what, component, reason, sentence } = step;
  const why = { ...(reason !== undefined && { reason }), ...(sentence !== undefined && { sentence }) };
  const common = { step: what, component, ...why };
  if (what === 'rule' || what === 'earning') return [{ ...common, figures: pick(step.figures, TRADE_FIGURES) }];
  if (what === 'filter') return [{ ...common, figures: pick(step.figures, [...TRADE_FIGURES, ...FILTER_FIGURES]) }];
  if (what === 'volume' || what === 'adjuster') return [{ ...common, figures: pick(step.figures, ADJUSTER_FIGURES) }];
  const amount = step.amount === undefined ? {} : { amount: step.amount };
  if (what === 'trader_rebate') {
    if (kind === 'client') return [{ ...common, figures: {}, ...amount }];
    return depth === 0 ? [{ ...step, figures: {} }] : [];
  }
  if (what === 'true_up') {
    if (step.figures['kind'] !== kind || (kind === 'ib' && step.depth !== depth)) return [];
    return [{ ...step, figures: {} }];
  }
  if (what === 'share' && kind === 'ib' && step.depth === depth && depth !== undefined)
    return [{ ...step, figures: pick(step.figures, ['weight', 'rate', 'rateFrom']) }];
  return [];
}
