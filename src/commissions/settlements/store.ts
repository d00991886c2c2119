import { type ChainLevel, chainsOf, type ClientAt } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { AwardPart } from '../awards/types.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import type { ChainLink } from '../types.ts';
import * as queries from './queries.ts';
import type { NewResult, StoredResult, Wait } from './types.ts';

/** The tree above a client and the plan version that held there, as of an instant. */
export type Place = {
  readonly atMs: number;
  readonly chain: readonly ChainLevel[];
  readonly version: PublishedVersion | undefined;
};

/** The trees above clients and the plan versions that held there as of instants, in the order asked; rates are read too. */
export async function placesAt(
  tx: TenantTx,
  book: PlanBook,
  asked: readonly ClientAt[],
  asKnownAt?: Date,
): Promise<{ readonly places: readonly Place[]; readonly knownAt: Date }> {
  const { chains, knownAt } = await chainsOf(tx, asked, asKnownAt);
  const places = asked.map(({ atMs }, place): Place => {
    const chain = chains[place]?.levels ?? [];
    return { atMs, chain, version: chain.length === 0 ? undefined : book.versionFor(chain, atMs) };
  });
  await book.loadRates(
    tx,
    places.map(({ chain }, place) => ({ trade: { clientKey: asked[place]?.clientKey ?? 0 }, chain })),
  );
  return { places, knownAt };
}

/** A chain with the rates of its IBs under a plan version as of the instant; overrides of clients count, those of groups do not. */
export const linksOf = (
  book: PlanBook,
  { chain, atMs }: Pick<Place, 'chain' | 'atMs'>,
  version: PublishedVersion,
  clientKey: number,
): ChainLink[] =>
  chain.map(({ ibKey, status, depth }) => ({
    ibKey,
    status,
    ...book.ratesFor({ ibKey, depth, clientKey, accountGroup: '' }, version, atMs),
  }));

/** By what results of one component are told apart. */
export const nameOfComponent = (of: {
  readonly clientKey: number;
  readonly planKey: number;
  readonly component: string;
}): string => `${of.clientKey} ${of.planKey} ${of.component}`;

/** What clients' periods came to so far, with what was awarded for each. */
export class Ledgered {
  readonly #results = new Map<string, StoredResult[]>();
  readonly #parts = new Map<string, AwardPart[]>();

  constructor(results: readonly StoredResult[], parts: Awaited<ReturnType<typeof queries.awardedParts>>) {
    for (const result of results) this.#of(nameOfComponent(result)).push(result);
    for (const { kind, beneficiary, depth, units, ...of } of parts) {
      const name = `${nameOfComponent(of)} ${of.from.getTime()}`;
      const known = this.#parts.get(name) ?? [];
      known.push({ kind: kind === 1 ? 'ib' : 'client', beneficiary, depth, units });
      this.#parts.set(name, known);
    }
  }

  #of(name: string): StoredResult[] {
    let found = this.#results.get(name);
    if (found === undefined) this.#results.set(name, (found = []));
    return found;
  }

  /** All results, the last of each period. */
  get all(): StoredResult[] {
    return [...this.#results.values()].flat();
  }

  /** The last result of a period. */
  of(component: Parameters<typeof nameOfComponent>[0], from: Date): StoredResult | undefined {
    return this.#results.get(nameOfComponent(component))?.find((each) => each.from.getTime() === from.getTime());
  }

  /** What was awarded for a period so far. */
  partsOf(component: Parameters<typeof nameOfComponent>[0], from: Date): readonly AwardPart[] {
    return this.#parts.get(`${nameOfComponent(component)} ${from.getTime()}`) ?? [];
  }

  /** What the periods before an instant leave to the next one: 0 or below, in ledger units. */
  carriedTo(component: Parameters<typeof nameOfComponent>[0], from: Date): bigint {
    const before = (this.#results.get(nameOfComponent(component)) ?? []).filter(({ to }) => to <= from);
    return before.toSorted((left, right) => left.to.getTime() - right.to.getTime()).at(-1)?.carriedUnits ?? 0n;
  }

  /** Takes a result in, so that the periods after it see it. */
  note({ whole, award, kind: _kind, ibKey: _ibKey, reason: _reason, inputs: _inputs, ...result }: NewResult): void {
    const ofComponent = this.#of(nameOfComponent(result));
    const place = ofComponent.findIndex((each) => each.from.getTime() === result.from.getTime());
    const stored: StoredResult = { ...result, earningUnits: whole.units, isClawedBack: false };
    if (place < 0) ofComponent.push(stored);
    else ofComponent[place] = stored;
    if (award !== undefined) this.#parts.set(`${nameOfComponent(result)} ${result.from.getTime()}`, [...whole.parts]);
  }
}

const EVER = new Date(0);

/** Reads what clients' periods came to so far. */
export async function ledgeredOf(tx: TenantTx, clientKeys: readonly number[]): Promise<Ledgered> {
  if (clientKeys.length === 0) return new Ledgered([], []);
  const results = await queries.latestResults(tx, { clientKeys });
  const parts = results.length === 0 ? [] : await queries.awardedParts(tx, { clientKeys, since: EVER });
  return new Ledgered(results, parts);
}

/** Writes results beside the keys of the awards that they led to. */
export async function insertResults(
  tx: TenantTx,
  results: readonly NewResult[],
  awardKeys: readonly (bigint | null)[],
  known: { readonly knownAt: Date; readonly configurationVersion: bigint },
): Promise<void> {
  if (results.length === 0) return;
  await queries.insertResults(tx, {
    ...known,
    clientKeys: results.map(({ clientKey }) => clientKey),
    planKeys: results.map(({ planKey }) => planKey),
    components: results.map(({ component }) => component),
    froms: results.map(({ from }) => from),
    tos: results.map(({ to }) => to),
    sequences: results.map(({ sequence }) => sequence),
    kinds: results.map(({ kind }) => kind),
    planVersionKeys: results.map(({ planVersionKey }) => planVersionKey),
    ibKeys: results.map(({ ibKey }) => ibKey),
    earningUnits: results.map(({ whole }) => whole.units),
    carriedUnits: results.map(({ carriedUnits }) => carriedUnits),
    reasons: results.map(({ reason }) => reason ?? null),
    awardKeys,
    inputs: results.map(({ inputs }) => JSON.stringify(inputs)),
  });
}

/** Notes why rows wait. */
export async function noteWaits(tx: TenantTx, given: readonly Wait[]): Promise<void> {
  const rows = new Map(given.map((wait) => [`${wait.clientKey} ${wait.unit} ${wait.from.getTime()}`, wait]));
  if (rows.size === 0) return;
  const waits = [...rows.values()]; // Of several components that wait for different things the last is told.
  await queries.noteWaits(tx, {
    clientKeys: waits.map(({ clientKey }) => clientKey),
    units: waits.map(({ unit }) => unit),
    froms: waits.map(({ from }) => from),
    tos: waits.map(({ to }) => to),
    codes: waits.map(({ code }) => code),
    details: waits.map(({ detail }) => detail),
  });
}
