import type { TenantId } from '../../kernel/ids.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { OverrideBook, type RateAsked } from '../overrides/book.ts';
import { ratesOfSources } from '../overrides/rules.ts';
import type { AgreementRates, ChainLink } from '../types.ts';
import * as queries from './queries.ts';
import { compileAgreement, compilePlan, compileTerms } from '../definitions/rules.ts';
import type { CompiledPlan } from '../definitions/types.ts';

/** A published version, ready for the engine, and since when it holds. */
export type PublishedVersion = {
  readonly key: number;
  readonly planKey: number;
  readonly validFromMs: number;
  readonly plan: CompiledPlan;
};

type Ranged<Value> = { readonly fromMs: number; readonly toMs: number; readonly value: Value };
type Agreed = {
  readonly planKey: number;
  readonly termsText: string;
  readonly terms: Parameters<typeof compileAgreement>[1];
};

/** What a chain's link says of its rates. */
type FoundRates = Pick<ChainLink, 'rates' | 'sources'>;

/** Tenants whose plans a process keeps in memory, and IBs whose agreements it keeps of each. */
const TENANTS_MAX = 100;
const IBS_MAX = 200_000;

/** The plans, assignments and agreements of one tenant as of one count of configuration changes. */
export class PlanBook {
  readonly version: bigint;
  readonly #versions = new Map<number, PublishedVersion[]>();
  readonly #versionsByKey = new Map<number, PublishedVersion>();
  readonly #assignments = new Map<number, Ranged<number>[]>();
  readonly #agreements = new Map<number, Ranged<Agreed>[]>();
  readonly #rates = new Map<number, Map<string, AgreementRates>>();
  readonly #overrides: OverrideBook;
  readonly #overridden = new Map<string, FoundRates>();
  /** Whether any version counts what deals open, or takes all as of the open. */
  looksAtOpens = false;
  /** Whether any counts what deals open. */
  countsOpens = false;

  constructor(version: bigint) {
    this.version = version;
    this.#overrides = new OverrideBook(version);
  }

  /** Reads all that is small; agreements follow for the IBs that are asked for. */
  async load(tx: TenantTx): Promise<void> {
    for (const { key, planKey, validFrom, definition } of await queries.publishedVersions(tx, {
      version: this.version,
    })) {
      if (validFrom === null) continue;
      const version = { key, planKey, validFromMs: validFrom.getTime(), plan: compilePlan(definition) };
      this.countsOpens ||= version.plan.counts !== 'close';
      this.looksAtOpens ||= this.countsOpens || version.plan.asOf === 'open';
      push(this.#versions, planKey, version);
      this.#versionsByKey.set(key, version);
    }
    for (const row of await queries.allAssignments(tx, { version: this.version }))
      push(this.#assignments, row.ibKey, ranged(row, row.planKey));
    await this.#overrides.load(tx);
  }

  /** Reads what the rates of chains are looked up in, for the IBs and clients that have not been asked for before. */
  async loadRates(
    tx: TenantTx,
    needed: readonly {
      readonly trade: { readonly clientKey: number };
      readonly chain: readonly { readonly ibKey: number }[];
    }[],
  ): Promise<void> {
    const ibKeys = new Set(needed.flatMap(({ chain }) => chain.map(({ ibKey }) => ibKey)));
    await this.loadAgreements(tx, ibKeys);
    if (this.#overrides.any)
      await this.#overrides.loadFor(tx, new Set(needed.map(({ trade }) => trade.clientKey)), ibKeys);
  }

  /** Reads the agreements of IBs that have not been asked for before. */
  async loadAgreements(tx: TenantTx, ibKeys: Iterable<number>): Promise<void> {
    const missing = new Map<number, Ranged<Agreed>[]>();
    for (const ibKey of ibKeys) if (!this.#agreements.has(ibKey)) missing.set(ibKey, []);
    if (missing.size === 0) return;
    for (const row of await queries.agreementsOfIbs(tx, { ibKeys: [...missing.keys()], version: this.version }))
      push(
        missing,
        row.ibKey,
        ranged(row, { planKey: row.planKey, terms: row.terms, termsText: JSON.stringify(row.terms) }),
      );
    for (const [ibKey, agreements] of missing) this.#agreements.set(ibKey, agreements); // Whole lists only: others read meanwhile.
  }

  /** How many IBs and clients it knows the rates of. */
  get size(): number {
    return this.#agreements.size + this.#overrides.size + this.#overridden.size;
  }

  /** The plan version in force for a chain of IBs (the client's own first) at an instant: the nearest assignment wins. */
  versionFor(chain: readonly { readonly ibKey: number }[], atMs: number): PublishedVersion | undefined {
    for (const { ibKey } of chain) {
      const planKey = this.planOf(ibKey, atMs);
      if (planKey !== undefined) return this.versionAt(planKey, atMs);
    }
    const planKey = this.planOf(0, atMs);
    return planKey === undefined ? undefined : this.versionAt(planKey, atMs);
  }

  /** The plan that is assigned to an IB (0: to the whole tenant) at an instant. */
  planOf(ibKey: number, atMs: number): number | undefined {
    return valueAt(this.#assignments.get(ibKey), atMs);
  }

  /**
   * An IB's rates for a trade under a plan version at an instant, looked up in the order of `RATE_SOURCES`: for each rule the
   * first that has a term for it wins. Undefined where there is nothing; without sources where there is an agreement alone.
   */
  ratesFor(asked: RateAsked, version: PublishedVersion, atMs: number): FoundRates {
    const agreed = this.#agreementOf(asked.ibKey, version, atMs);
    const overrides = this.#overrides.any ? this.#overrides.inForce(asked, version.planKey, atMs) : [];
    if (overrides.length === 0) return { rates: agreed && this.#compiled(agreed, version) };
    const given = [...overrides, ...(agreed === undefined ? [] : [{ kind: 'agreement' as const, ...agreed }])];
    const name = `${version.key} ${given.map(({ kind, termsText }) => `${kind} ${termsText}`).join(' ')}`;
    let found = this.#overridden.get(name);
    if (found === undefined) {
      const sources = given.map(({ kind, terms }) => ({ kind, rates: compileTerms(version.plan, terms) }));
      this.#overridden.set(name, (found = { rates: ratesOfSources(sources), sources }));
    }
    return found;
  }

  /** An IB's agreed rates under a plan version at an instant; undefined where it has no agreement. */
  ratesOf(ibKey: number, version: PublishedVersion, atMs: number): AgreementRates | undefined {
    const found = this.#agreementOf(ibKey, version, atMs);
    return found && this.#compiled(found, version);
  }

  #agreementOf(ibKey: number, version: PublishedVersion, atMs: number): Agreed | undefined {
    const agreements = this.#agreements.get(ibKey);
    if (agreements === undefined) throw new Error(`the agreements of IB ${ibKey} were not read`); // Never take them for none.
    return agreements.find((each) => each.fromMs <= atMs && atMs < each.toMs && each.value.planKey === version.planKey)
      ?.value;
  }

  /** Many IBs share the same few terms: each is compiled once for a version. */
  #compiled({ terms, termsText }: Agreed, version: PublishedVersion): AgreementRates {
    let ofVersion = this.#rates.get(version.key);
    if (ofVersion === undefined) this.#rates.set(version.key, (ofVersion = new Map<string, AgreementRates>()));
    let rates = ofVersion.get(termsText);
    if (rates === undefined) ofVersion.set(termsText, (rates = compileAgreement(version.plan, terms)));
    return rates;
  }

  /** The versions that pay anything by the period or by the client. */
  get payingByPeriod(): readonly PublishedVersion[] {
    return [...this.#versionsByKey.values()].filter(({ plan }) => plan.periods.length > 0);
  }

  /** The names of the components of a plan that, in any version, count deposits. */
  componentsCountingDeposits(planKey: number): string[] {
    const names = (this.#versions.get(planKey) ?? []).flatMap(({ plan }) =>
      plan.components.flatMap(({ name, adjusters }) => (adjusters.some(({ deposits }) => deposits) ? [name] : [])),
    );
    return [...new Set(names)];
  }

  /** A version by its key, as a booking names it. */
  versionOfKey(key: number): PublishedVersion | undefined {
    return this.#versionsByKey.get(key);
  }

  /** Whether any version looks at when, or why, a position was opened, so that opens must be read. */
  get needsOpens(): boolean {
    return [...this.#versionsByKey.values()].some(({ plan }) => plan.needsOpens);
  }

  /** Whether any version looks at how trades were carried out: at their entries too. */
  get needsExecutions(): boolean {
    return [...this.#versionsByKey.values()].some(({ plan }) => plan.needsExecution);
  }

  /** The fewest decimals that a rate under any version may have. */
  get rateDigitsMin(): number {
    return Math.min(...[...this.#versionsByKey.values()].map(({ plan }) => plan.rateDigits), Infinity);
  }

  /** Whether any version brings the trades of a month to the tier that it reached. */
  get truesUp(): boolean {
    return [...this.#versionsByKey.values()].some(({ plan }) => bringsToTiers(plan));
  }

  /** Whether any version looks at more than one trade. */
  get looksAtCounters(): boolean {
    return [...this.#versionsByKey.values()].some(({ plan }) => plan.looksAtCounters);
  }

  /** The version of a plan in force at an instant. */
  versionAt(planKey: number, atMs: number): PublishedVersion | undefined {
    return this.#versions.get(planKey)?.findLast((version) => version.validFromMs <= atMs);
  }
}

/** Whether a plan brings the trades of a month to the tier that it reached. */
export const bringsToTiers = ({ components }: CompiledPlan): boolean =>
  components.some(({ adjusters }) => adjusters.some(({ trueUp }) => trueUp !== undefined));

const ranged = <Value>(row: { validFrom: Date; validTo: Date | null }, value: Value): Ranged<Value> => ({
  fromMs: row.validFrom.getTime(),
  toMs: row.validTo?.getTime() ?? Infinity,
  value,
});

const valueAt = <Value>(ranges: readonly Ranged<Value>[] | undefined, atMs: number): Value | undefined =>
  ranges?.find((range) => range.fromMs <= atMs && atMs < range.toMs)?.value;

function push<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The book as of a count of changes: at present, or as a booking kept it. */
export async function openBook(tx: TenantTx, version: bigint): Promise<PlanBook> {
  const book = new PlanBook(version);
  await book.load(tx);
  return book;
}

/** Keeps the plan books of tenants between transactions. */
export class PlanBooks {
  readonly #books = new Map<TenantId, PlanBook>();

  /** The tenant's book as of this transaction. */
  async read(tx: TenantTx): Promise<PlanBook> {
    const { version } = onlyRow(await queries.readConfiguration(tx, {}));
    const kept = this.#books.get(tx.tenantId);
    if (kept?.version === version && kept.size < IBS_MAX) return kept;
    const book = await openBook(tx, version);
    if (this.#books.size >= TENANTS_MAX) this.#books.clear();
    this.#books.set(tx.tenantId, book);
    return book;
  }
}
