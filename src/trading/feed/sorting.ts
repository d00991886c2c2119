import { dealWaitsProblem } from '../deals/errors.ts';
import { instantOf, sorted } from '../deals/reading.ts';
import type { Facts, Handling, StoredDeal } from '../deals/types.ts';
import type { ServerClockRule } from '../types.ts';
import type { LineVerdict } from './contract.ts';
import { deliveryOf, type Delivery, type KnownVersion } from './rules.ts';
import type { FeedLine } from './wire.ts';

/** A line that tells of a deal. */
export type DealLine = Exclude<FeedLine, { type: 'heartbeat' | 'account.state' }>;

export const isOfDeal = (line: FeedLine): line is DealLine =>
  line.type !== 'heartbeat' && line.type !== 'account.state';

const KINDS = { 'deal.add': 'add', 'deal.update': 'update', 'deal.delete': 'delete' } as const;
const NOTHING_ELSE = {
  positionId: 0n,
  openedVolume: 0n,
  closedVolume: 0n,
  symbol: '',
  hasMs: false,
  action: undefined,
  entry: undefined,
  reason: undefined,
  serverTimeMs: undefined,
};

export const ticketOf = (line: DealLine): bigint =>
  line.type === 'deal.delete' ? line.deleted.ticket : line.deal.ticket;

function waiting(delivery: Exclude<Delivery, { is: 'duplicate' | 'deal' }>): Handling {
  const code = delivery.is === 'conflict' ? 'feed.deal_conflict' : 'trading.correction_waits';
  return { handling: 'parked', code, detail: dealWaitsProblem(code).title };
}

/** What is to be stored of a line, or undefined for what is known already. */
function toStore(
  line: DealLine,
  known: readonly KnownVersion[],
  rule: ServerClockRule,
  facts: Facts,
): Omit<StoredDeal, 'key'> | undefined {
  const kind = KINDS[line.type];
  const { content } = line;
  const delivery = deliveryOf(known, kind, content);
  if (delivery.is === 'duplicate') return undefined;
  if (line.type === 'deal.delete') {
    if (delivery.is === 'deal') throw new Error('a deletion is never a deal of its own');
    const instant = { utcMs: undefined, ambiguous: false };
    const deal = { ...NOTHING_ELSE, ...line.deleted };
    return { deal, kind, version: delivery.version, content, instant, handling: waiting(delivery) };
  }
  const instant = instantOf(rule, line.deal);
  const isNew = delivery.is === 'deal';
  const handling = isNew ? sorted(line.deal, instant, facts) : waiting(delivery);
  return { deal: line.deal, kind, version: isNew ? 0 : delivery.version, content, instant, handling };
}

/**
 * Sorts the deals of a batch in their order: what is to be stored of each, and its verdict. `known` holds the stored
 * versions by ticket and is added to, so that a deal that comes twice in one batch is a duplicate the second time.
 */
export function sortDeals(
  lines: readonly { readonly line: number; readonly found: DealLine }[],
  known: Map<bigint, KnownVersion[]>,
  rule: ServerClockRule,
  facts: Facts,
  keyOf: (line: number) => bigint,
): { readonly stored: StoredDeal[]; readonly verdicts: LineVerdict[] } {
  const stored: StoredDeal[] = [];
  const verdicts: LineVerdict[] = [];
  for (const { line, found } of lines) {
    const ticket = ticketOf(found);
    const versions = known.get(ticket) ?? [];
    const fresh = toStore(found, versions, rule, facts);
    if (fresh === undefined) {
      verdicts.push({ line, status: 'duplicate' });
      continue;
    }
    stored.push({ ...fresh, key: keyOf(line) });
    versions.push(fresh);
    known.set(ticket, versions);
    const { handling } = fresh;
    if (handling.handling !== 'parked') verdicts.push({ line, status: 'accepted' });
    else verdicts.push({ line, status: 'parked', code: handling.code, detail: handling.detail });
  }
  return { stored, verdicts };
}
