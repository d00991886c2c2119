import { ibKeys } from '../ib/index.ts';
import {
  apiKeysRoutes,
  desksRoutes,
  factorsRoutes,
  operatorRoutes,
  passkeysRoutes,
  rolesRoutes,
  type StaffDeps,
  staffRoutes,
} from '../identity/index.ts';
import type { SendMail } from '../platform/mail.ts';
import type { Route } from '../platform/route.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import type { QuotaBook, Tenancy } from '../tenancy/index.ts';
import type { Identity } from './identity.ts';

/** Whether a tenant has such an introducing broker. */
export const isIb: StaffDeps['isIb'] = async (tx, ibId) => (await ibKeys(tx, [ibId])).has(ibId);

type AtWork = {
  readonly identity: Identity;
  readonly tenancy: Pick<Tenancy, 'withTenant' | 'tenantOfId'>;
  readonly config: Pick<CompleteConfig, 'baseHost'>;
  readonly quotas: Pick<QuotaBook, 'refuseMore'>;
  readonly sendMail: SendMail;
};

/** The routes over second factors, people who work here, their roles and desks, and keys of programs. */
export function peopleAtWorkRoutes({ identity, tenancy, config, quotas, sendMail }: AtWork): Route[] {
  const { signIn, factors } = identity;
  const { withTenant } = tenancy;
  const staff: StaffDeps = {
    realmOf: signIn.realmOf,
    hasher: signIn.hasher,
    limit: signIn.limit,
    forget: factors.forget,
    refuseMore: (tenantId, present) => quotas.refuseMore(tenantId, 'users', present),
    isIb,
    sendMail,
  };
  return [
    ...factorsRoutes(factors),
    ...passkeysRoutes(factors),
    ...staffRoutes(staff),
    ...operatorRoutes({
      ...staff,
      hostOfTenant: async (tenantId) => `${(await tenancy.tenantOfId(tenantId)).slug}.${config.baseHost}`,
    }),
    ...rolesRoutes({ withTenant }),
    ...desksRoutes({ withTenant }),
    ...apiKeysRoutes({ withTenant }),
  ];
}
