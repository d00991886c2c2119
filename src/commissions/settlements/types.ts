import type { NewAward } from '../awards/types.ts';
import type { SharedAward } from '../periods/rules.ts';
import type { PeriodReason, PeriodUnit } from '../periods/types.ts';

/** A client's period that something came in for; `ever` stands for all that is paid once for ever. */
export type DueRow = {
  readonly clientKey: number;
  readonly unit: PeriodUnit | 'ever';
  readonly from: Date;
  readonly to: Date;
};

/** Why a row cannot be settled yet. */
export type Wait = DueRow & { readonly code: string; readonly detail: string };

/** The last that a period came to by one component of a plan. */
export type StoredResult = {
  readonly clientKey: number;
  readonly planKey: number;
  readonly component: string;
  readonly from: Date;
  readonly to: Date;
  readonly sequence: number;
  readonly planVersionKey: number;
  readonly earningUnits: bigint;
  readonly carriedUnits: bigint;
  /** A chargeback took back what it gave: it is never settled again. */
  readonly isClawedBack: boolean;
};

/** What a period comes to now. */
export type NewResult = Omit<StoredResult, 'earningUnits' | 'carriedUnits' | 'isClawedBack'> & {
  readonly kind: string;
  readonly ibKey: number | null;
  readonly whole: SharedAward;
  readonly carriedUnits: bigint;
  readonly reason: PeriodReason | undefined;
  /** What is to be awarded now; undefined where nothing changed for anybody. */
  readonly award: NewAward | undefined;
  /** JSON. */
  readonly inputs: Readonly<Record<string, unknown>>;
};

/** What looking at some clients came to. */
export type Looked = {
  readonly results: readonly NewResult[];
  /** Of models that are paid once for ever. */
  readonly awards: readonly NewAward[];
  readonly waits: readonly Wait[];
  /** Clients who reached a step after what is looked at: they stay due. */
  readonly later: ReadonlySet<number>;
  readonly knownAt: Date;
  readonly configurationVersion: bigint;
};
