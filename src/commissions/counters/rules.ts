import type { CounterChange, CounterName, Counters, Look } from './types.ts';

const DAY_MS = 86_400_000;

/** The UTC day of an instant, as days since 1970. */
export const dayOf = (instantMs: number): number => Math.floor(instantMs / DAY_MS);

/** The first instant of a day, in ms. */
export const dayStartMs = (day: number): number => day * DAY_MS;

const DAYS_OF_400_YEARS = 146_097;
const DAYS_FROM_MARCH_OF_0 = 719_468;

/**
 * The first and the last day of the UTC month of a day, by the civil calendar counted from March, so that the leap day ends its
 * year (H. Hinnant, chrono-compatible date algorithms).
 */
export function monthOf(day: number): { readonly firstDay: number; readonly lastDay: number } {
  const shifted = day + DAYS_FROM_MARCH_OF_0;
  const dayOfEra = shifted - Math.floor(shifted / DAYS_OF_400_YEARS) * DAYS_OF_400_YEARS;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - (365 * yearOfEra + leaps);
  const month = Math.floor((5 * dayOfYear + 2) / 153); // 0 is March, 11 February.
  const startOf = (place: number): number => Math.floor((153 * place + 2) / 5);
  const firstDay = day - (dayOfYear - startOf(month));
  if (month < 11) return { firstDay, lastDay: firstDay + startOf(month + 1) - startOf(month) - 1 };
  const year = yearOfEra + 1; // The February that ends the year from March is of the next one.
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return { firstDay, lastDay: firstDay + (isLeap ? 28 : 27) };
}

/** A counter's name in one text, apart from all others of its tenant. */
export const counterText = (planKey: number, { component, measure, owner, subject }: CounterName): string =>
  `${planKey} ${component} ${measure} ${owner} ${subject}`;

const windowText = (planKey: number, look: Look): string =>
  `${counterText(planKey, look)} ${look.fromDay} ${look.toDay}`;

type Days = Map<number, bigint>;

/**
 * The counters of a batch: what they stood at when it began, and what its trades add, in their order. Pure; without anything read
 * every counter stands at 0.
 */
export class Standing implements Counters {
  readonly #stood = new Map<string, Days>();
  readonly #added = new Map<string, Days>();
  /** How many subjects there were in a window when the batch began, and which subjects the batch has touched since. */
  readonly #distinct = new Map<string, bigint>();
  readonly #touched = new Map<string, Map<string, CounterName>>();
  readonly #counts = new Map<string, { readonly planKey: number; readonly count: CounterChange; units: bigint }>();

  /** What was read of a day of a counter. */
  stand(planKey: number, name: CounterName, day: number, units: bigint): void {
    addTo(this.#stood, counterText(planKey, name), day, units);
  }

  /** How many subjects were read of a window. */
  standDistinct(planKey: number, look: Look, subjects: bigint): void {
    this.#distinct.set(windowText(planKey, look), subjects);
  }

  /** What a counter stands at now, over the days that are asked for. */
  read(planKey: number, look: Look): bigint {
    if (!look.distinct) return this.#sum(this.#stood, planKey, look) + this.#sum(this.#added, planKey, look);
    let subjects = this.#distinct.get(windowText(planKey, look)) ?? 0n;
    for (const name of this.#touched.get(counterText(planKey, { ...look, subject: '' }))?.values() ?? []) {
      const of = { ...look, ...name };
      const before = this.#sum(this.#stood, planKey, of);
      const after = before + this.#sum(this.#added, planKey, of);
      if (before <= 0n && after > 0n) subjects += 1n;
      if (before > 0n && after <= 0n) subjects -= 1n;
    }
    return subjects;
  }

  /** Adds what a trade counted. */
  add(planKey: number, counts: readonly CounterChange[]): void {
    for (const count of counts) {
      const text = counterText(planKey, count);
      addTo(this.#added, text, count.day, count.units);
      if (count.subject !== '') {
        const group = counterText(planKey, { ...count, subject: '' });
        const touched = this.#touched.get(group) ?? new Map<string, CounterName>();
        const { component, measure, owner, subject } = count;
        touched.set(count.subject, { component, measure, owner, subject });
        this.#touched.set(group, touched);
      }
      const known = this.#counts.get(`${text} ${count.day}`);
      if (known === undefined) this.#counts.set(`${text} ${count.day}`, { planKey, count, units: count.units });
      else known.units += count.units;
    }
  }

  /** All that was added, one sum for each day of each counter. */
  added(): { readonly planKey: number; readonly count: CounterChange }[] {
    return [...this.#counts.values()].map(({ planKey, count, units }) => ({ planKey, count: { ...count, units } }));
  }

  #sum(counters: ReadonlyMap<string, Days>, planKey: number, look: Look): bigint {
    let units = 0n;
    for (const [day, ofDay] of counters.get(counterText(planKey, look)) ?? [])
      if (look.fromDay <= day && day <= look.toDay) units += ofDay;
    return units;
  }
}

function addTo(counters: Map<string, Days>, text: string, day: number, units: bigint): void {
  const days = counters.get(text) ?? new Map<number, bigint>();
  days.set(day, (days.get(day) ?? 0n) + units);
  counters.set(text, days);
}
