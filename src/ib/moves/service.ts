import { z } from 'zod';
import { defineApproval } from '../../identity/index.ts';
import { IbId } from '../../kernel/ids.ts';
import { edgeOf, moveIb } from '../tree/service.ts';

/**
 * A move of an IB as what one person asks for and another agrees to. What was seen is from where to where it would move:
 * if either has changed when the last one agrees, nothing is done. Without an instant it takes effect at that moment.
 */
export const ibMoveApproval = defineApproval({
  kind: 'ibs.move',
  right: { action: 'approve', resource: 'ibs' },
  payload: z.strictObject({ ibId: IbId, parentId: IbId.nullable(), effectiveAt: z.iso.datetime().optional() }),
  // Only what it is now: that it cannot be made any more is found by making it, and closes the approval as failed.
  fingerprint: async (tx, { ibId, effectiveAt }) => {
    const edge = await edgeOf(tx, { ibId, ...asDate(effectiveAt) });
    if (edge === undefined) return 'not part of the tree';
    const [from, until] = [edge.validFrom.toISOString(), edge.validTo?.toISOString() ?? 'ever'];
    return `below ${edge.parentKey ?? 'nobody'} from ${from} for ${until}`;
  },
  execute: async (tx, { effectiveAt, ...move }, { reason, approvalId }) => {
    const moved = await moveIb(tx, { ...move, ...asDate(effectiveAt), reason, approvalId });
    return { effectiveAt: moved.effectiveAt.toISOString(), until: moved.until?.toISOString() ?? null };
  },
});

const asDate = (effectiveAt: string | undefined) =>
  effectiveAt === undefined ? {} : { effectiveAt: new Date(effectiveAt) };
