/** A breach of a rule: which, where, and what was found. */
export type Breach = { readonly rule: string; readonly subject: string; readonly detail: string };

/** One part of a tenant that is checked: what was looked at, and how many breaches were found. */
export type CheckedPart = {
  readonly part: 'events' | 'tree' | 'feed' | 'bookings' | 'ledger' | 'statements' | 'payouts' | 'recomputation';
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: number;
};

/** What a verification came to. `checked` counts what was looked at, over all parts; at most 100 findings of a rule. */
export type Verification = {
  readonly ok: boolean;
  readonly tenant: string;
  readonly checked: Readonly<Record<string, number>>;
  readonly parts: readonly CheckedPart[];
  readonly findings: readonly Breach[];
};

/** What checking the installation's own chain of events came to; `headCopies`: how many tenants' databases hold a copy of its head. */
export type InstallationVerification = {
  readonly ok: boolean;
  readonly checked: { readonly events: number; readonly headCopies: number };
  readonly findings: readonly Breach[];
};
