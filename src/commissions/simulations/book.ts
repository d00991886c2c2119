import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { readConfiguration } from '../plans/queries.ts';
import { bringsToTiers, PlanBook, type PublishedVersion } from '../plans/store.ts';

/** Plans as they are assumed, by keys. */
export type AssumedPlans = {
  /** By plan; each holds over the whole range. */
  readonly versions: ReadonlyMap<number, PublishedVersion>;
  /** By IB, 0 for everybody. */
  readonly assignments: ReadonlyMap<number, number>;
  /** Whether executions are read of every trade, to add up what spread and commission came to. */
  readonly readsExecutions: boolean;
};

/** The plans of a tenant as of one count of changes, with what is assumed laid over them. */
export class AssumedBook extends PlanBook {
  readonly #assumed: AssumedPlans;
  readonly #reading = new Map<number, PublishedVersion>();

  constructor(version: bigint, assumed: AssumedPlans) {
    super(version);
    this.#assumed = assumed;
  }

  override async load(tx: TenantTx): Promise<void> {
    await super.load(tx);
    for (const { counts, asOf } of this.#plans) {
      this.countsOpens ||= counts !== 'close';
      this.looksAtOpens ||= counts !== 'close' || asOf === 'open';
    }
  }

  override planOf(ibKey: number, atMs: number): number | undefined {
    return this.#assumed.assignments.get(ibKey) ?? super.planOf(ibKey, atMs);
  }

  override versionAt(planKey: number, atMs: number): PublishedVersion | undefined {
    const found = this.#assumed.versions.get(planKey) ?? super.versionAt(planKey, atMs);
    if (found === undefined || found.plan.needsExecution || !this.#assumed.readsExecutions) return found;
    let reading = this.#reading.get(found.key);
    if (reading === undefined)
      this.#reading.set(found.key, (reading = { ...found, plan: { ...found.plan, needsExecution: true } }));
    return reading;
  }

  override get needsOpens(): boolean {
    return super.needsOpens || this.#plans.some(({ needsOpens }) => needsOpens);
  }

  override get looksAtCounters(): boolean {
    return super.looksAtCounters || this.#plans.some(({ looksAtCounters }) => looksAtCounters);
  }

  override get truesUp(): boolean {
    return super.truesUp || this.#plans.some(bringsToTiers);
  }

  override get rateDigitsMin(): number {
    return Math.min(super.rateDigitsMin, ...this.#plans.map(({ rateDigits }) => rateDigits));
  }

  get #plans() {
    return [...this.#assumed.versions.values()].map(({ plan }) => plan);
  }
}

/** The book of now with what is assumed. */
export async function openAssumedBook(tx: TenantTx, assumed: AssumedPlans): Promise<AssumedBook> {
  const { version } = onlyRow(await readConfiguration(tx, {}));
  const book = new AssumedBook(version, assumed);
  await book.load(tx);
  return book;
}
