import type { Finding } from '../../platform/events/index.ts';
import { findBreaches } from '../../platform/findings.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** The rules of the feed, by the name under which a breach is reported. */
const rules = {
  'trading.versions_without_holes': queries.dealVersionsBroken,
  'trading.due_is_fit': queries.dueAstray,
  'trading.parked_has_reason': queries.parkedAstray,
  'trading.answers_stand': queries.answersBroken,
  'trading.seq_ranges_apart': queries.seqsBroken,
  'trading.one_mapping_at_a_time': queries.mappingsOverlap,
} as const;

/**
 * Checks what the feed left: deals, what waits of them, the answers that were given, the cursor and the mappings; at
 * most 100 findings of each rule. That what is due or parked was not booked is for the bookings to say.
 */
export const verifyFeed = (tx: TenantTx): Promise<Finding[]> => findBreaches(tx, rules);

/** How many deals are stored, versions included. */
export const countDeals = async (tx: TenantTx): Promise<bigint> => onlyRow(await queries.countDeals(tx, {})).deals;
