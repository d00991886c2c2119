import type { Currency } from '../kernel/currency.ts';
import type { AccountId, ClientId } from '../kernel/ids.ts';
import type { KycState } from './people/contract.ts';

/** A client to be created; the id is made here unless the caller needs a fixed one. */
export type NewClient = {
  readonly name: string;
  readonly id?: ClientId;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly email?: string;
  /** E.164. */
  readonly phone?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** `pending` unless given: an import brings people who were admitted elsewhere. */
  readonly kycState?: KycState;
};

/** A created client: `key` is what other tables refer to, `id` what people see. */
export type CreatedClient = { readonly key: number; readonly id: ClientId };

/** A trading account to be opened on a platform's server. */
export type NewAccount = {
  readonly clientKey: number;
  /** The trade server's name, as the feed's source says it. */
  readonly server: string;
  readonly login: bigint;
  /** The account group as the platform names it, for example `real\\standard`. */
  readonly group: string;
  /** The deposit currency. */
  readonly currency: Currency;
  readonly id?: AccountId;
};

/** An opened trading account. */
export type OpenedAccount = { readonly key: number; readonly id: AccountId; readonly login: bigint };

/** What a batch of deals needs to know of an account. */
export type AccountOfLogin = {
  readonly key: number;
  readonly login: bigint;
  readonly clientKey: number;
  readonly group: string;
  readonly currency: Currency;
};
