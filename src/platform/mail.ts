import type { RealmTx } from './tenant-tx.ts';

/** Who gets a mail. `name` is how the mail greets; without one it greets nobody by name. */
export type MailRecipient = { readonly address: string; readonly name: string | null };

/** A page to go to. An address of http or https, whole; the token in it is a secret. */
type WithLink = { readonly link: string };

/** A link with a token, which the mail also shows as text for whoever types it, and how long it is good. */
type WithToken = WithLink & { readonly token: string; readonly validMinutes: number };

/** What changed about somebody's second factors. */
export type FactorChange =
  | 'totp_added'
  | 'totp_removed'
  | 'passkey_added'
  | 'passkey_removed'
  | 'recovery_codes_made'
  | 'recovery_code_used'
  | 'reset';

/** What has happened to a dispute: the first three are told to staff, the others to the introducing broker. */
export type DisputeNews = 'opened' | 'replied' | 'withdrawn' | 'answered' | 'accepted' | 'rejected';

/** What each mail tells, by its template. */
export type MailData = {
  /** Proves that an address is its owner's. */
  readonly verify_email: WithToken;
  /** Somebody registered with the address of a user: the link leads to signing in, and the mail tells how to reset. */
  readonly already_registered: WithLink;
  readonly reset_password: WithToken;
  /** The link leads to where a password is reset, for whoever did not do it. */
  readonly password_changed: WithLink & { readonly at: Date };
  /** `reuse`: an old refresh token came again; `password`, `suspended`, `asked`: what else ended the sessions. */
  readonly sessions_revoked: WithLink & {
    readonly reason: 'reuse' | 'password' | 'suspended' | 'asked';
    readonly at: Date;
  };
  readonly invitation: WithToken & { readonly invitedBy: string | null };
  readonly factor_changed: WithLink & { readonly change: FactorChange; readonly at: Date };
  readonly new_device: WithLink & { readonly device: string; readonly address: string; readonly at: Date };
  /** `at` is the end of its period; amounts are texts with their currency. */
  readonly statement_issued: WithLink & {
    readonly number: number;
    readonly at: Date;
    readonly total: string;
    readonly payable: string;
  };
  /** What trades earned was corrected after it had been booked. */
  readonly earnings_corrected: WithLink & {
    readonly what: 'rerun' | 'chargeback';
    readonly reason: string;
    readonly trades: number;
    /** What the recipient gets more or less in all, with its currency. */
    readonly change: string;
  };
  /** Something has happened to a dispute on a line of an introducing broker's earnings. */
  readonly dispute_changed: WithLink & {
    readonly what: DisputeNews;
    readonly disputeId: string;
    /** Why it ended as it did. */
    readonly reason: string | null;
    /** What was granted, with its currency. */
    readonly amount: string | null;
  };
};

export type MailTemplate = keyof MailData;

/** A mail to be sent: one of the templates with what it tells. */
export type Mail = {
  [Template in MailTemplate]: {
    readonly template: Template;
    readonly to: MailRecipient;
    readonly data: MailData[Template];
  };
}[MailTemplate];

/**
 * Has a mail sent if, and only if, the transaction commits: it is a row of the same transaction, sealed, and delivered
 * afterwards by a worker, with retries. Works for tenants and for the installation's own operators.
 * `notifications.recipient_invalid` (422) for an address that none can be sent to.
 */
export type SendMail = (tx: RealmTx, mail: Mail) => Promise<void>;
