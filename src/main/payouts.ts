import type { TenantId } from '../kernel/ids.ts';
import { makeClosingFigures, resumePostings, sendDisputeNotices } from '../payouts/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import type { Tenancy } from '../tenancy/index.ts';
import { sendMailOf } from './mail.ts';
import { siteOf } from './sites.ts';
import type { Work } from './work.ts';

const origin = { actor: 'settling', causation: 'payouts' };

type PayoutStepDeps = {
  readonly config: CompleteConfig;
  readonly tenancy: Pick<Tenancy, 'withTenant' | 'tenantOfId'>;
  readonly nudgeMail: Work['nudgeMail'];
};

/** What is looked after of payout runs, closings and disputes each minute. */
export const payoutSteps = ({ config, tenancy, nudgeMail }: PayoutStepDeps) => {
  const { withTenant, tenantOfId } = tenancy;
  const sendMail = sendMailOf(config, nudgeMail);
  return {
    'payout runs whose task ended too early': (tenantId: TenantId) => withTenant(tenantId, origin, resumePostings),
    'figures of closed periods': (tenantId: TenantId) => makeClosingFigures(withTenant, tenantId),
    'mails about disputes': async (tenantId: TenantId) => {
      const site = siteOf(config, (await tenantOfId(tenantId)).slug);
      await withTenant(tenantId, origin, (tx) => sendDisputeNotices(tx, { sendMail, site }));
    },
  };
};
