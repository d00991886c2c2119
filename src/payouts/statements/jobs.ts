import { z } from 'zod';
import type { TenantId } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { defineTask, type DefinedTask, requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { cyclesDue, type DueCycles, readOn, takeCycle } from '../cycles/service.ts';
import { issueOn } from './issue.ts';

const StatementRun = z.strictObject({ signature: z.string().max(40), endsAt: z.iso.datetime() });
export type StatementRunTask = DefinedTask<typeof StatementRun>;

/**
 * Makes the statements of a schedule's cycles up to an end, as long work: a page is a part of the reading or the statements of
 * some beneficiaries. It keeps no checkpoint of its own: the cycles say how far they are, so that whoever is killed, and
 * however often it is asked for, each statement is made once.
 */
export const statementRun = (sealer: () => Sealer): StatementRunTask =>
  defineTask({
    kind: 'payouts.statements',
    right: { action: 'create', resource: 'payout_schedules' },
    payload: StatementRun,
    run: async (task, { signature, endsAt }) => {
      const due = { signature, endsAt: new Date(endsAt) };
      let statements = 0;
      for (;;) {
        const part: { made?: number | undefined } = {};
        await task.page(async (tx) => {
          part.made = await workOn(tx, due, sealer());
          statements += part.made ?? 0;
          return { done: statements };
        });
        if (part.made === undefined) break;
      }
      return { statements };
    },
  });

/** A part of the work on due cycles: gives how many statements it made; undefined where nothing is left to do. */
export async function workOn(tx: TenantTx, due: DueCycles, sealer: Sealer): Promise<number | undefined> {
  const cycle = await takeCycle(tx, due);
  if (cycle === undefined) return undefined;
  if (cycle === 'begun' || (await readOn(tx, cycle))) return 0;
  return issueOn(tx, cycle, sealer);
}

const origin = { actor: 'settling', causation: 'statements' };

/** Has the statements made that are due at a tenant; asking again while they are made changes nothing. */
export async function settleStatements(
  { withTenant, run }: { readonly withTenant: WithTenant; readonly run: StatementRunTask },
  tenantId: TenantId,
): Promise<void> {
  await withTenant(tenantId, origin, async (tx) => {
    for (const { signature, endsAt } of await cyclesDue(tx)) {
      const end = endsAt.toISOString();
      await requestTask(tx, run, { signature, endsAt: end }, { once: `${signature} ${end}` });
    }
  });
}

/** Makes all statements that are due, here and now, page by page; gives how many. */
export async function issueDue(
  inTenant: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>,
  sealer: Sealer,
): Promise<number> {
  let statements = 0;
  for (const due of await inTenant((tx) => cyclesDue(tx)))
    for (let more = true; more;) {
      const made = await inTenant((tx) => workOn(tx, due, sealer));
      statements += made ?? 0;
      more = made !== undefined;
    }
  return statements;
}
