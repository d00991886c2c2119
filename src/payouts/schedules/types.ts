/** The days of a week, from the first (ISO 8601). */
export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** How often there is a statement. */
export const cycleKinds = ['realtime', 'hourly', 'daily', 'weekly', 'monthly'] as const;
export type CycleKind = (typeof cycleKinds)[number];

/**
 * When periods end and how long after it their statements are made. Periods are those of UTC: they end at quarters of an hour
 * (`realtime`), hours, midnights, midnights of the named days (ISO 8601, 1 is Monday), first days of months.
 */
export type PeriodGrid = {
  readonly kind: CycleKind;
  readonly weekdays: readonly number[];
  readonly delayDays: number;
};
