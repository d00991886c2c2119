import type { SessionId, TenantId, UserId } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import type { SendMail } from '../../platform/mail.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import type { RealmOf } from '../realm.ts';

/** Bounded tries: wrong codes of somebody who is signed in, by who he is. Signing in keeps the count. */
export type CodeTries = {
  /** Counts a try before anything is compared; a Problem (429) while the account has to wait. */
  readonly count: (tx: RealmTx, userId: UserId) => Promise<void>;
  /** The try was right: what failed before is forgotten. */
  readonly right: (tx: RealmTx, userId: UserId) => Promise<void>;
};

/** What second factors need of others; the composition root hands it down. */
export type FactorDeps = {
  readonly realmOf: RealmOf;
  readonly sealer: Sealer;
  readonly sendMail: SendMail;
  /** How an authenticator app and a passkey name us: the brokerage, or the installation. */
  readonly issuerOf: (tenantId: TenantId | null) => Promise<string>;
  readonly tries: CodeTries;
  /** Told when a session was proven anew, so that what is remembered of its caller is asked again. */
  readonly forget: (tenantId: TenantId | null, sessionIds: readonly SessionId[]) => void;
};
