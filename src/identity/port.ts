import type { ClientId, DeskId, UserId } from '../kernel/ids.ts';
import type { AskedHost, Caller } from '../platform/access.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import type { AccessClaims, Delegation } from './tokens/types.ts';

/** What signing in needs of others, or of other parts of identity; the composition root hands it down. */

/**
 * Counts a call against a bound on calls per time; throws a Problem (429) where it is exceeded. `key` names what is counted
 * (`login/tnt_…/203.0.113.7`), `cost` is 1 for an ordinary call.
 */
export type Limit = (key: string, cost: number) => Promise<void>;

/** Who registers as a client. */
export type NewPerson = {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly phone: string | null;
  /** As it was typed; one that is not known is not a reason to refuse. */
  readonly referralCode: string | null;
};

/** Makes the client of somebody who registers, in the same transaction, and links it to whoever referred it. */
export type OpenClient = (tx: TenantTx, person: NewPerson) => Promise<ClientId>;

/** Whether the tenant takes one more client. */
export type HasRoom = (tx: TenantTx) => Promise<boolean>;

/** The state of admission of a client; null where there is none yet. */
export type KycStateOf = (tx: TenantTx, clientId: ClientId) => Promise<string | null>;

/** The desks that somebody belongs to. */
export type DesksOf = (tx: TenantTx, userId: UserId) => Promise<readonly DeskId[]>;

/** The caller behind a key of a program (`csk_…`); a Problem (401) where it is no good. */
export type AuthenticateKey = (key: string, host: AskedHost) => Promise<Caller>;

/**
 * The caller that a delegated token stands for at this moment, with the rights of whom he stands in for; undefined where
 * the grant, or the actor's own session, has ended. Its answers are kept for as long as those about sessions.
 */
export type CallerByGrant = (claims: AccessClaims & { readonly delegation: Delegation }) => Promise<Caller | undefined>;

/** What a caller may do at this moment, for screens. */
export type RightsOf = (caller: Caller, host: AskedHost) => Promise<{ resource: string; actions: string[] }[]>;
