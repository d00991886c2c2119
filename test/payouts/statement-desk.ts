import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { ScheduleTerms } from '../../src/payouts/schedules/contract.ts';
import { insertSchedule } from '../../src/payouts/schedules/service.ts';
import { signatureOf } from '../../src/payouts/schedules/rules.ts';
import { workOn } from '../../src/payouts/statements/jobs.ts';
import { nextStatements } from '../../src/payouts/statements/queries.ts';
import { statementOfRow } from '../../src/payouts/statements/store.ts';
import type { StoredStatement } from '../../src/payouts/statements/types.ts';
import { formatAmount } from '../../src/kernel/money.ts';

type InTenant = <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>;
/** Terms in the words of the API; what is not said has a default. */
type Terms = object;

export const statementSealer = makeSealer('a secret of the tests alone', 'payouts.signing_keys');

/** Days of midnight ends, unless said. */
export const termsOf = (words: Terms = {}): ScheduleTerms =>
  ScheduleTerms.parse({ cycle: { kind: 'daily' }, ...words });

/** Sets the default from long ago on. */
export const setDefault = (inTenant: InTenant, words: Terms = {}, from = '2016-01-01T00:00:00Z') =>
  inTenant((tx) =>
    insertSchedule(tx, {
      beneficiary: null,
      terms: termsOf(words),
      effectiveAt: new Date(from),
      reason: 'For the test',
    }),
  );

/** Makes the statements of a schedule up to an end, page by page; gives how many. */
export async function issueUpTo(inTenant: InTenant, end: string, words: Terms = {}): Promise<number> {
  const due = { signature: signatureOf(termsOf(words)), endsAt: new Date(end) };
  let made = 0;
  for (;;) {
    const more = await inTenant((tx) => workOn(tx, due, statementSealer));
    if (more === undefined) return made;
    made += more;
  }
}

/** All statements there are, in the order in which they were made. */
export const allStatements = async (inTenant: InTenant): Promise<StoredStatement[]> =>
  (await inTenant((tx) => nextStatements(tx, { after: 0n, limit: 1_000 }))).map(statementOfRow);

/** A statement's sums as people read them. */
export function sumsOf({ currency, ...statement }: StoredStatement) {
  const shown = (units: bigint): string => formatAmount({ units, currency });
  return {
    opening: shown(statement.openingUnits),
    earned: shown(statement.earningUnits),
    adjusted: shown(statement.adjustmentUnits),
    payable: shown(statement.payableUnits),
    carried: shown(statement.carriedUnits),
  };
}
