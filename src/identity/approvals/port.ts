import type { z } from 'zod';
import type { Right } from '../../kernel/operation.ts';
import type { Json } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { ApprovedBy } from './types.ts';

/** What came of it, kept with the approval: ids and amounts as text. */
export type ApprovalResult = { readonly [member: string]: Json } | null;

type ApprovalForm<Schema extends z.ZodType> = {
  /** `<feature>.<what is done>`, for example `plans.publish`. */
  readonly kind: string;
  /** What a voice needs beside the right to decide, for example `{ action: 'approve', resource: 'plans' }`. */
  readonly right: Right;
  /** How many must agree beside the one who asked; 1 unless given. */
  readonly voicesNeeded?: 1 | 2;
  /** What is kept until then: JSON that names what it is about (ids and amounts as text, never personal data). */
  readonly payload: Schema;
  /**
   * The content of what the payload speaks of, as of now, as a text that differs whenever it differs; takes the locks that
   * carrying it out takes. If it is another at the time of the last voice, nothing is done: what was seen is not there any more.
   */
  readonly fingerprint: (tx: TenantTx, payload: z.output<Schema>) => Promise<string>;
  /** Does it, in the transaction of the last voice. A Problem that it throws closes the approval as failed. */
  readonly execute: (tx: TenantTx, payload: z.output<Schema>, by: ApprovedBy) => Promise<ApprovalResult>;
};

/** A kind of thing that one person asks for and another agrees to. `Payload` is the JSON that it is asked with. */
export type ApprovalKind<Payload = never> = {
  readonly kind: string;
  readonly right: Right;
  readonly voicesNeeded: 1 | 2;
  /** The payload in the form in which it is kept; throws where it is none of this kind. */
  readonly kept: (payload: Payload) => Json;
  readonly fingerprint: (tx: TenantTx, kept: unknown) => Promise<string>;
  readonly execute: (tx: TenantTx, kept: unknown, by: ApprovedBy) => Promise<ApprovalResult>;
};

/** Declares a kind of approval; main hands all kinds down (`approvalRoutes({ kinds })`). */
export const defineApproval = <Schema extends z.ZodType>(
  form: ApprovalForm<Schema>,
): ApprovalKind<z.input<Schema>> => ({
  kind: form.kind,
  right: form.right,
  voicesNeeded: form.voicesNeeded ?? 1,
  kept: (payload) => {
    form.payload.parse(payload);
    return JSON.parse(JSON.stringify(payload)) as Json;
  },
  fingerprint: (tx, kept) => form.fingerprint(tx, form.payload.parse(kept)),
  execute: (tx, kept, by) => form.execute(tx, form.payload.parse(kept), by),
});
