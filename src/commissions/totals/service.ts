import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import * as queries from './queries.ts';
import type { BeneficiaryTotal, EarningTotal, UnpaidTotal } from './types.ts';

const kinds = new Map(
  (Object.keys(KIND_NUMBERS) as BeneficiaryTotal['kind'][]).map((kind) => [KIND_NUMBERS[kind], kind] as const),
);

/** What each IB, each client and the house earned in all, over all revisions. Reads every rebate of the tenant. */
export async function beneficiaryTotals(tx: TenantTx): Promise<BeneficiaryTotal[]> {
  return (await queries.beneficiaryTotals(tx, {})).flatMap(({ kind, ...total }) => {
    const name = kinds.get(kind);
    return name === undefined ? [] : [{ kind: name, ...total }];
  });
}

/** What was earned in all and what became of it, trade by trade. Reads every booking of the tenant. */
export const earningTotals = (tx: TenantTx): Promise<EarningTotal[]> => queries.earningTotals(tx, {});

/** How many trades pay nothing by now, by reason. */
export const unpaidTotals = (tx: TenantTx): Promise<UnpaidTotal[]> => queries.unpaidTotals(tx, {});
