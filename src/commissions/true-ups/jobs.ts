import { z } from 'zod';
import type { TenantId } from '../../kernel/ids.ts';
import { defineTask, requestTask } from '../../platform/tasks/index.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';
import { trueUpOn } from './service.ts';
import type { Reached } from './types.ts';

/** Trades of a page: settlements wait while one is written. */
const PAGE = 500;
/** Months that one round of settling has trued up. */
const MONTHS_MAX = 50;

const TierMonth = z.strictObject({
  planKey: z.int(),
  component: z.string(),
  owner: z.int(),
  month: z.int(),
  rounds: z.int(),
});
const Checkpoint = z.strictObject({ afterIb: z.int(), afterDeal: z.string(), units: z.string(), tier: z.int() });

/** Brings the trades of a month to the tier that was reached, page by page; killed at any instant it goes on where it was. */
export const trueUp = defineTask({
  kind: 'commissions.true_up',
  right: { action: 'list', resource: 'plans' },
  payload: TierMonth,
  checkpoint: Checkpoint,
  run: async (task, month) => {
    const done: { looked: number; changed: number; reached: Reached | undefined; isOver: boolean } = {
      looked: 0,
      changed: 0,
      reached: task.checkpoint,
      isOver: false,
    };
    while (!done.isOver)
      await task.page(async (tx) => {
        const page = await trueUpOn(tx, month, done.reached, PAGE);
        done.looked += page.looked;
        done.changed += page.changed;
        done.reached = page.reached;
        done.isOver = page.reached === undefined;
        return { done: done.looked, ...(page.reached !== undefined && { checkpoint: { ...page.reached } }) };
      });
    return { looked: done.looked, changed: done.changed };
  },
});

const origin = { actor: 'settling', causation: 'true-ups' };

/** Has the months trued up that are due at a tenant; asking again while that is under way changes nothing. */
export async function settleTrueUps(
  { withTenant }: { readonly withTenant: WithTenant },
  tenantId: TenantId,
): Promise<void> {
  await withTenant(tenantId, origin, async (tx) => {
    for (const month of await queries.monthsDue(tx, { max: MONTHS_MAX })) {
      const once = `${month.planKey} ${month.component} ${month.owner} ${month.month} ${month.rounds}`;
      await requestTask(tx, trueUp, month, { once });
    }
  });
}
