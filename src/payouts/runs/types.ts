import type { Currency } from '../../kernel/currency.ts';
import type { ApprovalId, PayoutItemId, PayoutRunId, StatementId } from '../../kernel/ids.ts';
import type { Party, PartyKind } from '../types.ts';

/**
 * `draft`: being put together; `submitted`: waits for a second person; `posting`: agreed to, money is being moved; `paid`: all
 * of it; `partly`: something could not be paid, each item says why; `cancelled`: nothing was.
 */
export const runStates = ['draft', 'submitted', 'posting', 'paid', 'partly', 'cancelled'] as const;
export type RunState = (typeof runStates)[number];
export type RunEvent = 'submit' | 'recall' | 'approve' | 'cancel' | 'end_paid' | 'end_partly';

/** `held`: reviewed and left for a later run; `removed`: taken out of this run; the last two are what became of it. */
export const itemStates = ['included', 'held', 'removed', 'paid', 'unpaid'] as const;
export type ItemState = (typeof itemStates)[number];
export type ItemEvent = 'hold' | 'release' | 'remove' | 'add' | 'pay' | 'refuse';

/** Why an item could not be paid: the code that is kept, and the sentence that people read. */
export const UNPAID_CODES = {
  on_hold: 'The beneficiary is on hold: it is paid when that is over.',
  not_free: 'More was taken back since than is left: the next statement nets it.',
  line_disputed: 'A line of it is disputed: it is paid when that is decided.',
  rate_missing: 'There is no rate from its currency to that of the wallet.',
  rate_stale: 'The latest rate to the currency of the wallet is older than the run allows.',
  below_minor_unit: 'In the currency of the wallet it is less than the smallest amount that can be paid.',
  run_stopped: 'The run was stopped before it came to this one.',
} as const satisfies Record<string, string>;
export type UnpaidCode = keyof typeof UNPAID_CODES;

/** Which statements a run is drafted from; what is not said does not narrow. */
export type RunCriteria = {
  readonly kind?: PartyKind | undefined;
  readonly currencies?: readonly Currency[] | undefined;
  /** Of cycles that ended in this range, the end not included. */
  readonly endsFrom?: string | undefined;
  readonly endsBefore?: string | undefined;
  readonly parties?: readonly string[] | undefined;
};

export type Run = {
  readonly key: number;
  readonly id: PayoutRunId;
  readonly state: RunState;
  readonly criteria: RunCriteria;
  /** How old a rate may be that a payment is converted by. */
  readonly rateAgeHoursMax: number;
  readonly draftedBy: string;
  readonly draftedAt: Date;
  readonly submittedAt: Date | null;
  readonly approvalId: ApprovalId | null;
  readonly approvedBy: readonly string[] | null;
  readonly ratedAt: Date | null;
  readonly stoppedAt: Date | null;
  readonly endedAt: Date | null;
  readonly reason: string | null;
};

/** The rate rows on the way from one currency to another, as they are kept with a payment. */
export type KeptConversion = {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly {
    readonly key: string;
    readonly rate: string;
    readonly base: string;
    readonly quote: string;
    readonly source: string;
    readonly at: string;
    readonly ageMs: number;
  }[];
};

/** A statement in a run. Amounts are ledger units, whole minor units of their currencies. */
export type Item = {
  readonly key: bigint;
  readonly id: PayoutItemId;
  readonly statementKey: bigint;
  readonly statementId: StatementId;
  readonly kind: 1 | 2;
  readonly party: number;
  readonly currency: Currency;
  readonly payableUnits: bigint;
  readonly walletCurrency: Currency;
  readonly state: ItemState;
  readonly reason: string | null;
  readonly code: UnpaidCode | null;
  readonly detail: string | null;
  readonly walletUnits: bigint | null;
  readonly conversion: KeptConversion | null;
  readonly settledAt: Date | null;
};

/** What is needed of an item to pay it. */
export type Due = Pick<Item, 'key' | 'id' | 'statementKey' | 'currency' | 'payableUnits' | 'walletCurrency'> & {
  readonly party: Party;
  /** Whether the schedule of the beneficiary holds payments back at this moment. */
  readonly isOnHold: boolean;
};

/** What becomes of an item. */
export type Settlement = { readonly due: Due } & (
  | { readonly kind: 'paid'; readonly walletUnits: bigint; readonly conversion: KeptConversion | null }
  | { readonly kind: 'unpaid'; readonly code: UnpaidCode; readonly detail: string }
);
