import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chargebackTask } from '../../src/commissions/chargebacks/service.ts';
import { verifyBookings } from '../../src/commissions/index.ts';
import { listClients } from '../../src/clients/index.ts';
import { query } from '../../src/platform/query.ts';
import { requestTask, runTask } from '../../src/platform/tasks/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { testLog } from '../support/tenancy.ts';
import { openPeriodStory as openStory, UTC } from './period-story.ts';

const APRIL = { upTo: UTC('2026-04-01T00:00:00') };
const clawbacks = query(
  'test.clawbacks',
  z.object({ once: z.string(), units: z.bigint() }),
  `select once, units from commissions.awards where kind = 'clawback' order by key`,
);

describe('What somebody changes by hand in what was awarded for periods', () => {
  let story: Awaited<ReturnType<typeof openStory>>;
  beforeAll(async () => {
    story = await openStory([{ name: 'revenue', model: { kind: 'net_revenue', period: 'month', share: '30' } }]);
    await story.feed(...story.trade(UTC('2026-03-10T12:00:00'), { Commission: '-100' }));
    await story.look(APRIL);
  });
  afterAll(() => story.close());

  const findings = async () => (await story.inTenant((tx) => verifyBookings(tx))).findings;
  /** Changes a table behind the back of its guard. */
  const byHand = (table: string, ...statements: string[]): Promise<unknown> =>
    asAdmin(story.tenancy.provisioning, story.tenant.database, (pool) =>
      pool.raw(
        [`alter table ${table} disable trigger all`, ...statements, `alter table ${table} enable trigger all`].join(
          ';',
        ),
      ),
    );

  it('is found where an award is of a batch that is none of awards', async () => {
    const [changed, back] = ['trades', 'award'].map(
      (kind) =>
        `update commissions.batches set kind = '${kind}' where key = (select batch_key from commissions.awards where key = 1)`,
    );
    await byHand('commissions.batches', changed ?? '');
    expect((await findings()).filter(({ rule }) => rule === 'commissions.awards_have_batch')).toEqual([
      { rule: 'commissions.awards_have_batch', subject: 'award 1', detail: 'is of no batch of awards' },
    ]);
    await byHand('commissions.batches', back ?? '');
    expect(await findings()).toEqual([]);
  });

  it('is found where a part belongs to no award', async () => {
    await byHand(
      'commissions.award_rebates',
      'insert into commissions.award_rebates (award_key, kind, beneficiary, depth, units) values (999, 1, 1, 0, 5)',
    );
    expect((await findings()).filter(({ rule }) => rule === 'commissions.awards_have_batch')).toEqual([
      { rule: 'commissions.awards_have_batch', subject: 'award 999', detail: 'a part without an award' },
    ]);
    await byHand('commissions.award_rebates', 'delete from commissions.award_rebates where award_key = 999');
    expect(await findings()).toEqual([]);
  });

  it('is found where a period came to something else than was awarded for it', async () => {
    await byHand(
      'commissions.period_results',
      'update commissions.period_results set earning_units = earning_units + 1',
    );
    expect(await findings()).toEqual([
      expect.objectContaining({
        rule: 'commissions.periods_add_up',
        detail: 'came to 30000001 units, its awards add up to 30000000',
      }),
    ]);
    await byHand(
      'commissions.period_results',
      'update commissions.period_results set earning_units = earning_units - 1',
    );
    expect(await findings()).toEqual([]);
  });

  it('is no breach where a chargeback took an award back: that period is final, whatever comes later', async () => {
    const [client] = await story.inTenant((tx) => listClients(tx, { offset: 0, limit: 1 }));
    const payload = {
      clientId: client?.id ?? ('' as never),
      clientKey: await story.clientKey(0),
      since: '2026-03-01T00:00:00.000Z',
      reason: 'The card was stolen',
      evidence: 'case 4711',
      approvalId: 'apr_00000000000000000000000001' as never,
    };
    const id = await story.inTenant((tx) => requestTask(tx, chargebackTask, payload));
    const ways = { withTenant: story.tenancy.withTenant, kinds: [chargebackTask], leaseMs: 60_000, log: testLog };
    await runTask(ways, story.tenant.id, id);
    expect(await story.inTenant((tx) => clawbacks(tx, {}))).toEqual([{ once: 'clawback/1', units: -30_000_000n }]);
    expect(await story.payables()).toEqual({});
    await story.feed(...story.trade(UTC('2026-03-11T12:00:00'), { Commission: '-500' }));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 0, waiting: 0 });
    expect(await story.look({ ...APRIL, range: { from: UTC('2026-03-01T00:00:00'), to: APRIL.upTo } })).toMatchObject({
      awards: 0,
    });
    expect(await story.payables()).toEqual({});
    expect(await story.waiting()).toEqual([]);
    expect(await findings()).toEqual([]);
  });
});
