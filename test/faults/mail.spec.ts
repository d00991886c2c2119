import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { type MailCatcher, startMailCatcher } from '../../simulators/mail/index.ts';
import { makeSendMail } from '../../src/notifications/index.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { query } from '../../src/platform/query.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { testOrigin } from '../support/tenancy.ts';
import { rounds } from './support/rounds.ts';
import { openStage, SECRET, type Stage } from './support/stage.ts';
import { until } from './support/wait.ts';

const MAILS = 8;
const nothing = z.object({});
const states = query(
  'test.mail_states',
  z.object({ state: z.string(), mails: z.int(), wiped: z.int() }),
  `select state, count(*)::integer as mails, count(*) filter (where content is null)::integer as wiped
     from notifications.messages group by state`,
);
/** The two minutes that whoever took a mail has for it are over. */
const endLeases = query(
  'test.end_leases',
  nothing,
  `update notifications.messages set next_try_at = clock_timestamp() where state = 'sending'`,
);

describe('A worker that sends mail', () => {
  let stage: Stage;
  let catcher: MailCatcher;
  const sendMail = makeSendMail({ sealer: makeSealer(SECRET, 'notifications.messages'), nudge: () => undefined });
  beforeAll(async () => {
    catcher = await startMailCatcher();
    stage = await openStage({ ibs: 3, clients: 3 });
  });
  afterAll(async () => {
    await stage.close();
    await catcher.close();
  });

  const counts = { few: 1, all: 20, roundMsMax: 60_000 };
  rounds(
    'A01',
    'and is killed between sending and noting it loses none, and sends none more than twice',
    counts,
    async ({ number, random }) => {
      const { id } = await stage.tenancy.tenantOfSlug('acme');
      const inAcme = <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> =>
        stage.tenancy.withTenant(id, testOrigin, work);
      const addresses = Array.from({ length: MAILS }, (_none, place) => `kim-${number}-${place}@example.com`);
      await inAcme(async (tx) => {
        for (const address of addresses)
          await sendMail(tx, {
            template: 'already_registered',
            to: { address, name: null },
            data: { link: 'https://acme.example/' },
          });
      });
      const environment = { CASCADE_SMTP_URL: catcher.smtpUrl };
      const pauses = Array.from({ length: random.whole(0, 3) }, () => 'mail.before_mark pause 1');
      const first = stage.launch('worker', { environment, plan: [...pauses, 'mail.before_mark kill'] }); // It may die before it says that it started.
      await first.ended;
      const fromMs = performance.now();
      await inAcme((tx) => endLeases(tx, {}));
      const second = await stage.start('worker', { environment });
      await until('all mails are sent', 30_000, async () => {
        const rows = await inAcme((tx) => states(tx, {}));
        return rows.length === 1 && rows[0]?.state === 'sent';
      });
      const recoveryMs = performance.now() - fromMs;
      await second.stop();
      const [{ mails, wiped } = { mails: 0, wiped: -1 }] = await inAcme((tx) => states(tx, {}));
      expect(wiped).toBe(mails);
      const copies = addresses.map((address) => catcher.mails().filter(({ to }) => to.includes(address)));
      for (const each of copies) {
        expect(each.length).toBeGreaterThanOrEqual(1);
        expect(each.length).toBeLessThanOrEqual(2);
        expect(new Set(each.map(({ messageId }) => messageId)).size).toBe(1);
      }
      return { recoveryMs };
    },
  );
});
