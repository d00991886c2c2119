import type { AgreementTerms } from '../definitions/contract.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { RateSource } from '../types.ts';
import * as queries from './queries.ts';

type Override = {
  readonly kind: Exclude<RateSource['kind'], 'agreement'>;
  readonly planKey: number;
  readonly ibKey: number;
  readonly accountGroup: string;
  readonly terms: AgreementTerms;
  readonly termsText: string;
  readonly fromMs: number;
  readonly toMs: number;
};

/** For whom rates are looked up: an IB at its depth above a client, for an account of a group. */
export type RateAsked = {
  readonly ibKey: number;
  readonly depth: number;
  readonly clientKey: number;
  readonly accountGroup: string;
};

/** The client's own IB, whichever that is. */
const NO_IB = 0;

/** What comes before the agreements of a tenant, as of one count of configuration changes; read for whoever is asked for. */
export class OverrideBook {
  readonly #version: bigint;
  readonly #ofClients = new Map<number, Override[]>();
  readonly #ofGroups = new Map<number, Override[]>();
  #any = false;

  constructor(version: bigint) {
    this.#version = version;
  }

  /** Whether there is any: where not, nothing else is ever asked. */
  get any(): boolean {
    return this.#any;
  }

  /** How many clients and IBs it knows the overrides of. */
  get size(): number {
    return this.#ofClients.size + this.#ofGroups.size;
  }

  async load(tx: TenantTx): Promise<void> {
    this.#any = onlyRow(await queries.anyOverride(tx, { version: this.#version })).any;
  }

  /** Reads what there is for clients and IBs that have not been asked for before. */
  async loadFor(tx: TenantTx, clientKeys: Iterable<number>, ibKeys: Iterable<number>): Promise<void> {
    const clients = unknownOf(clientKeys, this.#ofClients);
    const groups = unknownOf([NO_IB, ...ibKeys], this.#ofGroups);
    if (clients.size + groups.size === 0) return;
    const asked = { clientKeys: [...clients.keys()], ibKeys: [...groups.keys()], version: this.#version };
    for (const { clientKey, validFrom, validTo, ...row } of await queries.overridesFor(tx, asked)) {
      const list = row.kind === 'group' ? groups.get(row.ibKey) : clients.get(clientKey);
      const [fromMs, toMs] = [validFrom.getTime(), validTo?.getTime() ?? Infinity];
      list?.push({ ...row, termsText: JSON.stringify(row.terms), fromMs, toMs });
    }
    for (const [key, list] of clients) this.#ofClients.set(key, list); // Whole lists only: others read meanwhile.
    for (const [key, list] of groups) this.#ofGroups.set(key, list);
  }

  /**
   * What holds for an IB's rates at an instant before its agreement, in the order of the lookup: the deal of this client link,
   * the client's personal override (of its own IB only), the IB's override for the account group, the group's own (of the
   * client's own IB only).
   */
  inForce({ ibKey, depth, clientKey, accountGroup }: RateAsked, planKey: number, atMs: number): Override[] {
    const ofClient = this.#ofClients.get(clientKey);
    const ofIb = this.#ofGroups.get(ibKey);
    const ofAll = this.#ofGroups.get(NO_IB);
    if (ofClient === undefined || ofIb === undefined || ofAll === undefined)
      throw new Error(`the overrides of client ${clientKey} and IB ${ibKey} were not read`); // Never take them for none.
    const holds = (one: Override): boolean => one.planKey === planKey && one.fromMs <= atMs && atMs < one.toMs;
    const isOfGroup = (one: Override): boolean => one.accountGroup === accountGroup && holds(one);
    const found = [
      ofClient.find((one) => one.ibKey === ibKey && holds(one)),
      depth === 0 ? ofClient.find((one) => one.ibKey === NO_IB && holds(one)) : undefined,
      ofIb.find(isOfGroup),
      depth === 0 ? ofAll.find(isOfGroup) : undefined,
    ];
    return found.filter((one) => one !== undefined);
  }
}

function unknownOf(keys: Iterable<number>, known: ReadonlyMap<number, unknown>): Map<number, Override[]> {
  const missing = new Map<number, Override[]>();
  for (const key of keys) if (!known.has(key)) missing.set(key, []);
  return missing;
}
