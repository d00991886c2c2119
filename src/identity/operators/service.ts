import type { TenantId } from '../../kernel/ids.ts';
import type { Access } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { asPlatform } from '../entries/service.ts';
import { invite, type Invited, withdraw } from '../invitations/service.ts';
import { originOf } from '../passkeys/rules.ts';
import type { Site } from '../passkeys/types.ts';
import { isTenantTx } from '../realm.ts';
import { lockRights } from '../roles/queries.ts';
import { staffProblem } from '../staff/errors.ts';
import type { StaffDeps } from '../staff/port.ts';
import * as queries from './queries.ts';

/** What operators' decisions need beside those over people. */
export type OperatorDeps = StaffDeps & {
  /** The host under which a tenant answers, without a port. */
  readonly hostOfTenant: (tenantId: TenantId) => Promise<string>;
};

type FirstOwner = {
  readonly tenantId: TenantId;
  readonly email: string;
  readonly name: string;
  /** Where the operator asked: the tenant's pages have the same scheme and port. */
  readonly site: Site;
};

/**
 * Invites the first owner of a tenant, in whose chain of events it is the platform that invites; the installation notes before
 * that it was asked. Sent again it takes the place of what was sent before, so that a wrong address can be mended. Refuses with
 * `identity.owner_exists` where there is an owner: no operator gets in beside him.
 */
export async function inviteOwner(
  deps: OperatorDeps,
  { caller, origin }: Access,
  { tenantId, email, name, site }: FirstOwner,
): Promise<Invited> {
  const host = await deps.hostOfTenant(tenantId);
  const port = /:\d+$/.exec(site.host)?.[0] ?? '';
  const pages = originOf({ host: `${host}${port}`, isSecure: site.isSecure });
  const inTenant = <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> =>
    deps.realmOf({ tenantId }).run(asPlatform(origin), async (tx) => {
      if (!isTenantTx(tx)) throw new TypeError('a tenant has a database of its own');
      return work(tx);
    });
  await inTenant(refuseSecond); // Nothing is noted of what cannot be.
  await deps.realmOf({ tenantId: null }).run(origin, async (tx) =>
    emit(tx, {
      stream: `owner-invitations/${tenantId}`,
      type: 'identity.owner_invitation_asked',
      schemaVersion: 1,
      payload: { tenantId, operatorId: caller.id },
    }),
  );
  return inTenant(async (tx) => {
    await lockRights(tx, {});
    await refuseSecond(tx);
    for (const { id } of await queries.waitingOfPlatform(tx, {})) await withdraw(tx, id);
    return invite(deps, tx, { userId: null }, { email, name, roles: ['owner'] }, pages);
  });
}

async function refuseSecond(tx: TenantTx): Promise<void> {
  if (onlyRow(await queries.hasOwner(tx, {})).found) throw staffProblem('identity.owner_exists');
}
