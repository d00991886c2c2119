import type { Currency } from '../../kernel/currency.ts';
import type { TenantId } from '../../kernel/ids.ts';
import type { AccountKey, AccountRef } from '../../ledger/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { TradeResult } from '../engine/types.ts';
import type { ExecutionFacts } from '../types.ts';
import * as queries from './queries.ts';
import { conservationOf, KIND_NUMBERS, reasonsOf } from './rules.ts';

/** A trade's result with the keys of the inputs that led to it. */
export type Booking = {
  readonly result: Exclude<TradeResult, { kind: 'parked' }>;
  readonly planVersionKey: number | null;
  readonly ibKey: number | null;
  readonly symbolKey: number;
  readonly groupKey: number;
  readonly closedAtMs: number;
  readonly openedAtMs: number | undefined;
  readonly execution: ExecutionFacts | undefined;
  /** The version of the deal that it was computed from; null for the addition. */
  readonly factsKey: bigint | null;
};

/** Writes a batch's bookings with their rebates and reasons, as sets; gives the key of the batch. */
export async function insertBookings(
  tx: TenantTx,
  bookings: readonly Booking[],
  known: { readonly knownAt: Date; readonly configurationVersion: bigint },
): Promise<bigint> {
  const { key: batchKey } = onlyRow(
    await queries.insertBatch(tx, { kind: 'trades', trades: bookings.length, ...known }),
  );
  const split = bookings.map(({ result }) => conservationOf(result.kind === 'booked' ? result.rebates : []));
  await queries.insertBookings(tx, {
    batchKey,
    dealKeys: bookings.map(({ result }) => result.dealKey),
    planVersionKeys: bookings.map((booking) => booking.planVersionKey),
    ibKeys: bookings.map((booking) => booking.ibKey),
    symbolKeys: bookings.map((booking) => booking.symbolKey),
    groupKeys: bookings.map((booking) => booking.groupKey),
    closedAts: bookings.map(({ closedAtMs }) => new Date(closedAtMs)),
    openedAts: bookings.map(({ openedAtMs }) => (openedAtMs === undefined ? null : new Date(openedAtMs))),
    earningUnits: bookings.map(({ result }) => (result.kind === 'booked' ? result.earningUnits : 0n)),
    ibUnits: split.map(({ ib }) => ib),
    clientUnits: split.map(({ client }) => client),
    houseUnits: split.map(({ house }) => house),
    factsKeys: bookings.some(({ factsKey }) => factsKey !== null) ? bookings.map(({ factsKey }) => factsKey) : null,
  });
  await insertRebates(tx, bookings);
  await insertUnpaid(tx, bookings);
  await insertExecutions(tx, bookings);
  return batchKey;
}

async function insertExecutions(tx: TenantTx, bookings: readonly Booking[]): Promise<void> {
  const kept = bookings.filter(({ execution }) => execution !== undefined);
  if (kept.length === 0) return;
  await queries.insertExecutions(tx, {
    dealKeys: kept.map(({ result }) => result.dealKey),
    executions: kept.map(({ execution }) => JSON.stringify(execution)),
  });
}

async function insertRebates(tx: TenantTx, bookings: readonly Booking[]): Promise<void> {
  const dealKeys: bigint[] = [];
  const components: number[] = [];
  const kinds: number[] = [];
  const beneficiaries: number[] = [];
  const depths: number[] = [];
  const units: bigint[] = [];
  for (const { result } of bookings) {
    if (result.kind !== 'booked') continue;
    for (const rebate of result.rebates) {
      dealKeys.push(result.dealKey);
      components.push(rebate.component);
      kinds.push(KIND_NUMBERS[rebate.kind]);
      beneficiaries.push(rebate.beneficiary);
      depths.push(rebate.depth);
      units.push(rebate.units);
    }
  }
  if (dealKeys.length > 0)
    await queries.insertRebates(tx, { dealKeys, components, kinds, beneficiaries, depths, units });
}

async function insertUnpaid(tx: TenantTx, bookings: readonly Booking[]): Promise<void> {
  const rows = bookings.flatMap(({ result }) =>
    reasonsOf(result).map((reason) => ({ dealKey: result.dealKey, ...reason })),
  );
  if (rows.length === 0) return;
  await queries.insertUnpaid(tx, {
    dealKeys: rows.map((row) => row.dealKey),
    components: rows.map((row) => row.component),
    reasons: rows.map((row) => row.reason),
  });
}

/** How many bookings and rebates there are: exact up to 100 000, then an estimate. */
export async function bookingCounts(tx: TenantTx): Promise<{ readonly booked: number; readonly rebates: number }> {
  const counts = onlyRow(await queries.bookingCounts(tx, {}));
  return { booked: Number(counts.booked), rebates: Number(counts.rebates) };
}

/** A ledger account that one transaction found or made. */
export type FoundAccount = { readonly ref: AccountRef; readonly key: AccountKey };

const TENANTS_MAX = 100;
const ACCOUNTS_PER_TENANT_MAX = 500_000;

type OfTenant = { readonly keys: Map<string, Map<number, AccountKey>>; count: number };

/** The keys of ledger accounts that a process has met. Accounts never go, so what was committed once stays true. */
export class PayableAccounts {
  readonly #tenants = new Map<TenantId, OfTenant>();

  /** Owners' keys of one purpose and currency: looked up thousands of times in a batch. */
  keysOf(tenantId: TenantId, purpose: AccountRef['purpose'], currency: Currency): ReadonlyMap<number, AccountKey> {
    return this.#tenants.get(tenantId)?.keys.get(`${purpose} ${currency}`) ?? new Map();
  }

  /** After a failure nothing is taken for granted: the database may have been put back to an earlier state. */
  forget(tenantId: TenantId): void {
    this.#tenants.delete(tenantId);
  }

  /** Remembers accounts; only after the transaction that found them is committed. */
  remember(tenantId: TenantId, accounts: readonly FoundAccount[]): void {
    if (accounts.length === 0) return;
    const ofTenant = this.#ofTenant(tenantId);
    for (const { ref, key } of accounts) {
      const name = `${ref.purpose} ${ref.currency}`;
      let owners = ofTenant.keys.get(name);
      if (owners === undefined) ofTenant.keys.set(name, (owners = new Map<number, AccountKey>()));
      owners.set(ref.owner, key);
    }
    ofTenant.count += accounts.length;
  }

  #ofTenant(tenantId: TenantId): OfTenant {
    const kept = this.#tenants.get(tenantId);
    if (kept !== undefined && kept.count < ACCOUNTS_PER_TENANT_MAX) return kept;
    if (this.#tenants.size >= TENANTS_MAX) this.#tenants.clear();
    const fresh: OfTenant = { keys: new Map(), count: 0 };
    this.#tenants.set(tenantId, fresh);
    return fresh;
  }
}
