import type { Currency } from '../../kernel/currency.ts';
import type { IbId, TenantId } from '../../kernel/ids.ts';
import { ibIdsOf } from '../../ib/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';

/** What a correction changed for one introducing broker, and why. */
export type CorrectionNotice = {
  readonly ibId: IbId;
  readonly cause: 'rerun' | 'chargeback';
  readonly reason: string;
  readonly trades: number;
  readonly units: bigint;
  readonly currency: Currency;
};

/** Writes to those concerned, in the given transaction; handed down by main. */
export type TellOfCorrections = (tx: TenantTx, notices: readonly CorrectionNotice[]) => Promise<void>;

const CORRECTIONS_MAX = 20;
const ORIGIN = { actor: 'commissions', causation: 'notices' };

/**
 * Tells every introducing broker that a re-run or a chargeback touched, once each, when it is over: what changed for it in all,
 * and the reason. What the feed corrects by itself is told by statements and explanations alone.
 */
export async function tellOfCorrections(
  { withTenant, tell }: { readonly withTenant: WithTenant; readonly tell: TellOfCorrections },
  tenantId: TenantId,
): Promise<void> {
  await withTenant(tenantId, ORIGIN, async (tx) => {
    for (const { cause, reason, batchKeys } of await queries.untold(tx, { limit: CORRECTIONS_MAX })) {
      const changes = await queries.changesOfIbs(tx, { batchKeys });
      const ids = await ibIdsOf(
        tx,
        changes.map(({ ibKey }) => ibKey),
      );
      await tell(
        tx,
        changes.flatMap(({ ibKey, ...change }) => {
          const ibId = ids.get(ibKey);
          return ibId === undefined ? [] : [{ ...change, ibId, cause, reason }];
        }),
      );
      await queries.noteTold(tx, { batchKeys });
    }
  });
}
