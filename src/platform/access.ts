import type { ClientId, DeskId, IbId, SessionId, TenantId } from '../kernel/ids.ts';
import type { OperationForm } from '../kernel/operation.ts';
import type { Origin } from './tenant-tx.ts';

/** What a sign-in is for: the back office, the client area, the partner area, programs, the operator console. */
export type Surface = 'admin' | 'portal' | 'partner' | 'api' | 'ops';

/** Who calls, as the access token or key says, with the rights of this moment (at most a few seconds old). */
export type Caller = {
  readonly kind: 'user' | 'api_key' | 'operator' | 'platform';
  /** `usr_…` or `key_…`; for `platform`, the operator who entered by a grant. */
  readonly id: string;
  readonly surface: Surface;
  /** Roles that count on this surface. */
  readonly roles: readonly string[];
  readonly sessionId: SessionId | null;
  readonly clientId: ClientId | null;
  readonly ibId: IbId | null;
  readonly deskIds: readonly DeskId[];
  /** The state of admission of the caller's client; null where the caller is none. */
  readonly kycState: string | null;
  /** When the second factor was last given, by the database's clock; null where it never was. */
  readonly provenAt: Date | null;
  /** Who looks through this caller's eyes; such a session may only read. */
  readonly impersonator: string | null;
  /** What an API key was made for; null for people, whose roles say it. */
  readonly scopes: readonly string[] | null;
};

/**
 * Which objects of a kind a caller may reach: those of any way that is not null or empty. A statement that lists or reads
 * objects takes it as parameters; what it does not reach is answered as absent.
 */
export type Reach = {
  readonly everything: boolean;
  /** Assigned to this user. */
  readonly userId: string | null;
  /** Assigned to one of these desks. */
  readonly deskIds: readonly DeskId[];
  /** Of this very client. */
  readonly clientId: ClientId | null;
  /** Of this very IB. */
  readonly ibId: IbId | null;
  /** Of this IB or any below it, and of all their clients. */
  readonly subtreeOf: IbId | null;
};

/** A caller with a right: what it reaches, and the fields that are shown to it masked. */
export type Access = {
  readonly caller: Caller;
  readonly reach: Reach;
  readonly masked: ReadonlySet<string>;
  /** For `withTenant`: events carry who it was and the request. */
  readonly origin: Origin;
};

/** What reaches everything: for programs of the installation itself, never for a request. */
export const reachesEverything: Reach = {
  everything: true,
  userId: null,
  deskIds: [],
  clientId: null,
  ibId: null,
  subtreeOf: null,
};

/** What decides over a call; identity makes it, http asks it. */
export type Guard = {
  /** The caller behind an `Authorization` header on a host; a Problem (401) where there is none or it is no good. */
  readonly authenticate: (authorization: string | undefined, host: AskedHost) => Promise<Caller>;
  /**
   * For operations whose need is a right or `signed_in`: what the caller reaches and sees. A Problem (403) where the table
   * of rights does not give it, or a second factor, a step up or a state of admission is wanted.
   */
  readonly authorize: (caller: Caller, operation: OperationForm, asked: AskedBy) => Promise<Access>;
};

/** Whose host was asked, and whence: keys of programs may be bound to addresses, and work from nowhere where it is not said. */
export type AskedHost = { readonly tenantId: TenantId | null; readonly remoteAddress?: string };

/** Whose host was asked, in which request. */
export type AskedBy = AskedHost & { readonly requestId: string };
