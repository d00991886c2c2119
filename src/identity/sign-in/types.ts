/** How failed attempts on one account slow down the next; all in milliseconds but the number of attempts. */
export type DelaySettings = {
  /** This many are free. */
  readonly attemptsFree: number;
  /** After the next one; doubled after each further one. */
  readonly firstMs: number;
  /** Never longer: nobody can lock somebody out for good. */
  readonly mostMs: number;
  /** Failures are forgotten when there were none for this long. */
  readonly forgetMs: number;
};

export type SignInSettings = {
  readonly delays: DelaySettings;
  /** How long tokens sent by mail are good, in minutes. */
  readonly verifyMinutes: number;
  readonly resetMinutes: number;
  /** What says nothing about whether an address is known takes at least this long, whether it is or not. */
  readonly answerMsMin: number;
};

/** How a sign-in ended, as its owner's log shows it. */
export const signInOutcomes = ['signed_in', 'password_wrong', 'code_wrong', 'code_needed', 'refused'] as const;
export type SignInOutcome = (typeof signInOutcomes)[number];
