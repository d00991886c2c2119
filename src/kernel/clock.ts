/** Where domain code takes the time from, so that a test can move it. Instants are UTC, in whole milliseconds. */
export type Clock = { readonly now: () => Date };

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };
