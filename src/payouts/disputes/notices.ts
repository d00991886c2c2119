import { mailboxesOf } from '../../identity/index.ts';
import { formatAmount } from '../../kernel/money.ts';
import type { SendMail } from '../../platform/mail.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';
import { noticeReader } from './rules.ts';

/** Notices that are sent in one round; what is left has time until the next. */
const NOTICES_MAX = 50;
/** Who of the staff is written to where nobody looks after a dispute yet. */
const STAFF_ROLES = ['finance'];

/** What writing to people needs. `site` is where the tenant's people sign in. */
export type DisputeNoticeDeps = { readonly sendMail: SendMail; readonly site: string };

/**
 * Writes mails about what happened to disputes: staff is told what the IB does, the IB what staff does. They are sent if the
 * transaction commits, each once.
 */
export async function sendDisputeNotices(tx: TenantTx, { sendMail, site }: DisputeNoticeDeps): Promise<number> {
  const notices = await queries.takeNotices(tx, { max: NOTICES_MAX });
  for (const { what, disputeId, ibId, ownerUserId, reason, outcomeUnits, outcomeCurrency } of notices) {
    const isForIb = noticeReader[what] === 'ib';
    const staff = ownerUserId === null ? { roles: STAFF_ROLES } : { userId: ownerUserId };
    const amount =
      what !== 'accepted' || outcomeUnits === null || outcomeCurrency === null
        ? null
        : `${formatAmount({ units: outcomeUnits, currency: outcomeCurrency })} ${outcomeCurrency}`;
    const link = `${site}/${isForIb ? 'partner' : 'admin'}/disputes/${disputeId}`;
    const isEnd = what === 'accepted' || what === 'rejected' || what === 'withdrawn';
    const data = { link, what, disputeId, reason: isEnd ? reason : null, amount };
    for (const to of await mailboxesOf(tx, isForIb ? { ibId } : staff))
      await sendMail(tx, { template: 'dispute_changed', to, data });
  }
  return notices.length;
}
