import { z } from 'zod';
import { defineApproval } from '../../identity/index.ts';
import { ClientId, IbId } from '../../kernel/ids.ts';
import { linkOf, relinkClient } from '../links/service.ts';
import { edgeOf, moveIb } from '../tree/service.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Moved } from '../types.ts';

/** Refuses an instant in a period that is closed: a Problem that names until when it is. Handed down by main. */
export type RefuseClosed = (tx: TenantTx, effectiveAt: Date) => Promise<void>;

/** What the moves of the past must ask of others. */
type Books = { readonly refuseClosed: RefuseClosed };

/**
 * A move of an IB as what one person asks for and another agrees to. What was seen is from where to where it would move:
 * if either has changed when the last one agrees, nothing is done. Without an instant it takes effect at that moment. One that
 * corrects the past takes effect in no closed period, and names the trades that it touches.
 */
export const ibMoveApproval = ({ refuseClosed }: Books) =>
  defineApproval({
    kind: 'ibs.move',
    right: { action: 'approve', resource: 'ibs' },
    payload: z.strictObject({
      ibId: IbId,
      parentId: IbId.nullable(),
      effectiveAt: z.iso.datetime().optional(),
      backdated: z.boolean().optional(),
    }),
    // Only what it is now: that it cannot be made any more is found by making it, and closes the approval as failed.
    fingerprint: async (tx, { ibId, effectiveAt }) => {
      const edge = await edgeOf(tx, { ibId, ...asDate(effectiveAt) });
      if (edge === undefined) return 'not part of the tree';
      const [from, until] = [edge.validFrom.toISOString(), edge.validTo?.toISOString() ?? 'ever'];
      return `below ${edge.parentKey ?? 'nobody'} from ${from} for ${until}`;
    },
    execute: async (tx, { effectiveAt, backdated = false, ...move }, { reason, approvalId }) => {
      if (effectiveAt !== undefined) await refuseClosed(tx, new Date(effectiveAt));
      const moved = await moveIb(tx, { ...move, backdated, ...asDate(effectiveAt), reason, approvalId });
      return { ...told(moved), ...(backdated && { rerun: { ...trades(moved), ibId: move.ibId } }) };
    },
  });

/** A client that is given to another IB as of an instant in the past; asked for and agreed to like the move of an IB. */
export const clientRelinkApproval = ({ refuseClosed }: Books) =>
  defineApproval({
    kind: 'clients.relink',
    right: { action: 'approve', resource: 'ibs' },
    payload: z.strictObject({ clientId: ClientId, clientKey: z.int(), ibId: IbId, effectiveAt: z.iso.datetime() }),
    fingerprint: async (tx, { clientKey, effectiveAt }) => {
      const link = await linkOf(tx, { clientKey, at: new Date(effectiveAt) });
      return `of ${link?.ibKey ?? 'nobody'} until ${link?.validTo?.toISOString() ?? 'ever'}`;
    },
    execute: async (tx, { clientId, effectiveAt, ...move }, { reason, approvalId }) => {
      await refuseClosed(tx, new Date(effectiveAt));
      const moved = await relinkClient(tx, { ...move, backdated: true, ...asDate(effectiveAt), reason, approvalId });
      return { ...told(moved), rerun: { ...trades(moved), clientId } };
    },
  });

const told = ({ effectiveAt, until }: Moved) => ({
  effectiveAt: effectiveAt.toISOString(),
  until: until?.toISOString() ?? null,
});

/** The trades that a move of the past touches: those that closed while it holds. */
const trades = ({ effectiveAt, until, recordedAt }: Moved) => ({
  from: effectiveAt.toISOString(),
  to: (until !== null && until < recordedAt ? until : recordedAt).toISOString(),
});

const asDate = (effectiveAt: string | undefined) =>
  effectiveAt === undefined ? {} : { effectiveAt: new Date(effectiveAt) };
