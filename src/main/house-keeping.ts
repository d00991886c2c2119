import { makeRealmOf, type Realm, sweepSignIns } from '../identity/index.ts';
import type { Logger } from '../platform/logger.ts';
import { type Periodic, periodically } from '../platform/periodic.ts';
import type { Tenancy } from '../tenancy/index.ts';

const PERIOD_MS = 10 * 60_000;
/** Times that one realm is swept in a row; what is left then has time until the next round. */
const TIMES_MAX = 20;

/** Removes what sign-ins leave behind, at every active tenant and in the installation's own realm, one after the other. */
export function startHouseKeeping(
  tenancy: Pick<Tenancy, 'tenants' | 'withTenant' | 'withControl'>,
  log: Logger,
  periodMs = PERIOD_MS,
): Periodic {
  const realmOf = makeRealmOf(tenancy);
  let isStopping = false;
  const round = async (): Promise<void> => {
    const active = (await tenancy.tenants()).filter(({ status }) => status === 'active');
    for (const tenantId of [null, ...active.map(({ id }) => id)]) {
      if (isStopping) return;
      await sweep(realmOf({ tenantId })).catch((error: unknown) =>
        log.warn({ err: error, tenantId }, 'what sign-ins leave behind is removed later'),
      );
    }
  };
  const rounds = periodically('house keeping', periodMs, round, log);
  return {
    stop: () => {
      isStopping = true;
      return rounds.stop();
    },
  };
}

async function sweep(realm: Realm): Promise<void> {
  for (let times = 0; times < TIMES_MAX; times += 1) {
    const { again } = await realm.run({ actor: 'cascade', causation: 'house keeping' }, sweepSignIns);
    if (!again) return;
  }
}
