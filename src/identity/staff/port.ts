import type { IbId, SessionId, TenantId } from '../../kernel/ids.ts';
import type { SendMail } from '../../platform/mail.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Hasher } from '../passwords/hashing.ts';
import type { Limit } from '../port.ts';
import type { RealmOf } from '../realm.ts';

/** What decisions over people need of others; the composition root hands it down. */
export type StaffDeps = {
  readonly realmOf: RealmOf;
  readonly sendMail: SendMail;
  readonly hasher: Pick<Hasher, 'hash'>;
  readonly limit: Limit;
  /** Whether there is such an introducing broker: the tree belongs to a feature above this one. */
  readonly isIb: (tx: TenantTx, ibId: IbId) => Promise<boolean>;
  /** Refuses one more of the staff than the tenant may have, by how many there are; a Problem. */
  readonly refuseMore: (tenantId: TenantId, present: number) => Promise<void>;
  /** Told whose sessions have ended, so that what is remembered of them is asked again. */
  readonly forget: (tenantId: TenantId | null, sessionIds: readonly SessionId[]) => void;
};
