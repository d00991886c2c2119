import type { AppliedRates, Fraction, LevelReason, ParkCode, Refusal, Weigh } from '../types.ts';

/** Periods are calendar days, weeks from Monday, and months, all UTC. */
export const periodUnits = ['day', 'week', 'month'] as const;
export type PeriodUnit = (typeof periodUnits)[number];

/** What of a client's period may count. */
export const periodParts = ['spread', 'commission', 'rebates', 'bonuses', 'psp_fees', 'chargebacks', 'profit'] as const;
export type PeriodPart = (typeof periodParts)[number];

/** So much of one part in one currency, by one way of rates, over so many items. The sign is the platform's own: a client's loss is a profit below 0. */
export type PeriodLine = {
  readonly part: PeriodPart;
  readonly currency: string;
  /** An exact decimal text. */
  readonly amount: string;
  readonly items: number;
  /** How the currency becomes that of the plan, with the greatest age that a rate had; absent where it is that, or where no way is known. */
  readonly rates?: AppliedRates | undefined;
};

/** A model that looks at a client's period as a whole: the parts that count, added or taken away, and the share of the sum. */
export type OfPeriods = {
  readonly over: 'period';
  readonly unit: PeriodUnit;
  readonly signs: Readonly<Partial<Record<PeriodPart, 1n | -1n>>>;
  readonly share: Fraction;
  /** Whether a sum below 0 is carried into the next period. */
  readonly carries: boolean;
};

/** What is known of a client from its beginning, in the order of time. */
export type ClientFacts = {
  /** ISO 3166-1 alpha-2. */
  readonly country: string | undefined;
  /** In ledger units of the plan currency. */
  readonly deposits: readonly { readonly atMs: number; readonly units: bigint }[];
  /** Closed volume in 10^-8 lot, by the lot factor of the account group. */
  readonly trades: readonly { readonly atMs: number; readonly lots: bigint }[];
};

/** A condition: what it needs, what is reached, and since when it is fulfilled. */
export type Gate = {
  readonly gate: 'country' | 'first_deposits' | 'lots' | 'trading_days' | 'within_days';
  readonly needed: string;
  readonly reached: string;
  readonly openSinceMs: number | undefined;
};

/** A step of a ladder, in ledger units of the plan currency, and when it was reached behind all gates. */
export type LadderStep = {
  readonly depositUnits: bigint;
  readonly paysUnits: bigint;
  readonly reachedAtMs: number | undefined;
};

/** How far a client is. */
export type ClientProgress = { readonly gates: readonly Gate[]; readonly steps: readonly LadderStep[] };

/** A model that looks at a client from its beginning and pays what each step adds, once for ever. */
export type OfClients = {
  readonly over: 'client';
  readonly looksAtTrades: boolean;
  readonly progressOf: (facts: ClientFacts) => ClientProgress;
};

/** What a period model must know of its component. */
export type PeriodFrame = { readonly component: string; readonly rateDigits: number };

/** A period model: one file in periods/. `compile` is called only where `refusals` gave none. */
export type PeriodModel = {
  readonly kind: string;
  readonly refusals: (settings: unknown, frame: PeriodFrame) => readonly Refusal[];
  readonly compile: (settings: unknown, frame: PeriodFrame) => OfPeriods | OfClients;
};

/** A period component with everything parsed. */
export type CompiledPeriod<Kind extends string = string> = {
  readonly name: string;
  readonly kind: Kind;
  /** Its place behind the components that pay by the trade: under it agreements keep its rates, and awards are stored. */
  readonly place: number;
  readonly model: OfPeriods | OfClients;
  /** Of what the model gives, so much counts: half a CPA in a hybrid plan. */
  readonly part: Fraction;
  readonly levelMode: string;
  readonly usesRates: boolean;
  readonly ranks: readonly string[];
  readonly weigh: Weigh;
  /** One rule for everything: 100 percent of what is earned. */
  readonly rules: readonly { readonly name: string; readonly budgetUnits: bigint }[];
  /** In 10^-6 percent. */
  readonly traderRebate: bigint;
};

/** Why a period earns nothing; shown to whoever may see the result. */
export const PERIOD_REASONS = {
  not_above_zero: 'What counts of the period does not come to more than 0.',
  carried_loss: 'What was carried over from earlier periods is not made up for yet.',
  below_ledger_unit: 'The amount is smaller than the smallest amount that is booked.',
  client_without_ib: 'The client had no introducing broker at the end of the period.',
} as const satisfies Record<string, string>;
export type PeriodReason = keyof typeof PERIOD_REASONS;

/** One step of an explanation, in their order. */
export type AwardStep = {
  readonly step: 'input' | 'gate' | 'net' | 'ladder' | 'earning' | 'before' | 'share' | 'trader_rebate' | 'house';
  readonly ibKey?: number;
  readonly depth?: number;
  readonly reason?: PeriodReason | LevelReason | ParkCode;
  readonly figures: Readonly<Record<string, string>>;
  readonly units?: bigint;
};
