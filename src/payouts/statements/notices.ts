import type { TenantId } from '../../kernel/ids.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { idsOfParties } from '../parties/service.ts';
import * as queries from './queries.ts';
import type { FoundStatement } from './service.ts';
import { statementOfRow } from './store.ts';

/** Tells people that there are statements, in the transaction that notes that they are told. */
export type TellOfStatements = (tx: TenantTx, statements: readonly FoundStatement[]) => Promise<void>;

const STATEMENTS_PER_PAGE = 200;
/** Pages that one round takes: the next round goes on. */
const PAGES_MAX = 25;

const origin = { actor: 'settling', causation: 'statements' };

/** Has everybody told of statements that nobody was told of yet, each once. Nobody is told of those of hours and quarters. */
export async function sendNotices(
  { withTenant, tell }: { readonly withTenant: WithTenant; readonly tell: TellOfStatements },
  tenantId: TenantId,
): Promise<void> {
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const told = await withTenant(tenantId, origin, async (tx) => {
      const keys = (await queries.takeNotices(tx, { limit: STATEMENTS_PER_PAGE })).map(({ key }) => key);
      if (keys.length === 0) return 0;
      const rows = (await queries.statementsOfKeys(tx, { keys })).map(statementOfRow);
      const idOf = await idsOfParties(
        tx,
        rows.map(({ party }) => party),
      );
      await tell(
        tx,
        rows.map((row) => ({ ...row, beneficiary: idOf(row.party) })),
      );
      return keys.length;
    });
    if (told < STATEMENTS_PER_PAGE) return;
  }
}
