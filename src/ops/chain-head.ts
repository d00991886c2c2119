import { type Consumer, defineConsumer, keepHeadOutside } from '../platform/events/index.ts';
import type { WithControl } from '../platform/tenant-tx.ts';

/**
 * Keeps the head of each tenant's chain of events in the control database as well. Whoever cuts off or rewrites the end
 * of the chain inside the tenant's database cannot reach this copy; `verifyEvents` compares the two.
 */
export const chainHeadConsumer = (withControl: WithControl): Consumer =>
  defineConsumer({
    name: 'ops.chain_head',
    all: true,
    handleAll: async (tx, events) => {
      const last = events.at(-1);
      if (last !== undefined) await keepHeadOutside(withControl, tx, last.seq);
    },
  });
