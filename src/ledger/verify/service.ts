import type { Finding } from '../../platform/events/index.ts';
import { findBreaches } from '../../platform/findings.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** The rules of the ledger, by the name under which a breach is reported. */
const rules = {
  'ledger.balance_equals_transfers': queries.balancesDiffer,
  'ledger.versions_without_holes': queries.versionsBroken,
  'ledger.balance_after_follows': queries.chainBroken,
  'ledger.debits_equal_credits': queries.unbalanced,
  'ledger.never_overdrawn': queries.overdrawn,
  'ledger.holds_end_once': queries.holdsBroken,
  'ledger.one_currency': queries.currenciesMixed,
  'ledger.posted_in_order': queries.timesDisordered,
};

/**
 * Checks all of a tenant's books against the transfers; gives what is wrong, at most 100 findings a rule, nothing where
 * all is well. Each rule is one statement and so sees one moment, whatever is booked meanwhile.
 */
export const verifyLedger = (tx: TenantTx): Promise<Finding[]> => findBreaches(tx, rules);
