import type { Knex } from 'knex';
import type { TenantId } from '../kernel/ids.ts';

declare const minted: unique symbol;

/**
 * A transaction on one tenant's database; the only way to a tenant's data. Made by `withTenant` alone
 * (src/tenancy/with-tenant.ts): casting to it elsewhere is a lint error.
 */
export type TenantTx = {
  readonly tenantId: TenantId;
  readonly sql: Knex.Transaction;
  /** What is written last, each writer under a lock of its own (late.ts). */
  readonly late: LateWork;
  /** What is done as soon as it has committed (late.ts). */
  readonly afterCommit: AfterCommit;
  /** Who does it and because of what; every event carries it. */
  readonly origin: Origin;
  readonly [minted]: true;
};

/** Who acts, and what caused it: a request's id, a job's id, an event's `stream#version`. */
export type Origin = { readonly actor: string; readonly causation: string };

declare const controlMinted: unique symbol;

/** A transaction on the control database. Made by `withControl` alone. */
export type ControlTx = {
  readonly sql: Knex.Transaction;
  readonly late: LateWork;
  readonly afterCommit: AfterCommit;
  /** Who does it and because of what; the installation itself unless `withControl` was told. */
  readonly origin: Origin;
  readonly [controlMinted]: true;
};

/** A transaction on a tenant's database or on the control database: what both have, such as people and events, takes either. */
export type RealmTx = TenantTx | ControlTx;

/** Runs work in one transaction of a tenant's database; the type that tenancy hands to everything above it. */
export type WithTenant = <T>(tenantId: TenantId, origin: Origin, work: (tx: TenantTx) => Promise<T>) => Promise<T>;

/** Runs work in one transaction of the control database; tenancy hands it down. */
export type WithControl = <T>(work: (tx: ControlTx) => Promise<T>, origin?: Origin) => Promise<T>;

/** Small things to do after the commit, by a name each: what is asked for twice under one name is done once. */
export type AfterCommit = Map<string, () => void>;

/** Items that wait for the end of a transaction, by the writer that writes them. */
export type LateWork = Map<LateWriter, unknown[]>;

/** Writes all that one transaction collected; `order` says when: balances come before events. */
export type LateWriter = {
  readonly name: string;
  readonly order: number;
  readonly write: (tx: RealmTx, items: readonly unknown[]) => Promise<void>;
};
