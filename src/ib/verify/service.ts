import type { Finding } from '../../platform/events/index.ts';
import { findBreaches } from '../../platform/findings.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** What must hold of the tree, each rule with the query that looks for its breaches. */
const rules = {
  'ib.closure_follows_from_edges': queries.closureAgainstEdges,
  'ib.no_cycle': queries.cycles,
  'ib.one_parent_at_a_time': queries.edgesWithGaps,
  'ib.validities_do_not_overlap': queries.overlaps,
  'ib.self_row': queries.selfRows,
  'ib.one_ib_per_client_at_a_time': queries.clientLinks,
} as const;

/** Looks for breaches of what must hold of the tree and the client links, at most 100 per rule; none is a proof. */
export const verifyTree = (tx: TenantTx): Promise<Finding[]> => findBreaches(tx, rules);
