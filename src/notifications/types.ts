import type { TenantId } from '../kernel/ids.ts';

/** Where a mail waits: in a tenant's database, or (null) in the control database. */
export type MailRealm = TenantId | null;

/** A mail as it is written: for people who read text, and for those who see pages. */
export type WrittenMail = { readonly subject: string; readonly text: string; readonly html: string };
