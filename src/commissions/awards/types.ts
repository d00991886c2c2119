import type { Currency } from '../../kernel/currency.ts';
import type { PeriodSettings } from '../periods/index.ts';

/** What an award is for: what a plan pays by the period or the client, the outcome of a dispute, or what a chargeback takes back. */
export type AwardKind = PeriodSettings['kind'] | 'dispute' | 'clawback';

/** What one beneficiary gets of an award, in ledger units; below 0 where it is taken back, never 0. */
export type AwardPart = {
  readonly kind: 'ib' | 'client';
  /** The key of the IB or of the client. */
  readonly beneficiary: number;
  /** The IB's distance from the direct IB; 0 for the client. */
  readonly depth: number;
  readonly units: bigint;
};

/** An earning that belongs to no single trade. What its parts lack of `units` is the house's. */
export type NewAward = {
  readonly kind: AwardKind;
  /** The plan version that speaks, and the place of its period component; null and 0 where no plan does. */
  readonly planVersionKey: number | null;
  readonly component: number;
  /** Whom it is about; null where it is not about one client. */
  readonly clientKey: number | null;
  /** The direct IB, at depth 0 of what is shared; null where there is none. */
  readonly ibKey: number | null;
  readonly currency: Currency;
  /** The end of the period, or the instant of what it was earned by. Statements count it then. */
  readonly earnedAt: Date;
  /** Ledger units of the currency; below 0 where it takes back. */
  readonly units: bigint;
  /** All that it was computed from, as plain JSON: explaining it reads nothing else. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What can be earned once only is named here: a second award of this name changes nothing. */
  readonly once?: string | undefined;
  /** It changes what was awarded before: its parts may move amounts between the house and others, whatever `units` is. */
  readonly isDifference?: boolean | undefined;
  readonly parts: readonly AwardPart[];
};

/** As of which knowledge of the tree and which plans and agreements awards were computed; the present ones unless given. */
export type AwardKnowledge = { readonly knownAt: Date; readonly configurationVersion: bigint };

/** The awards in the order given: the key of each, and whether it was there before under its `once`. */
export type Awarded = { readonly key: bigint; readonly wasThere: boolean };
