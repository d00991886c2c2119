import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rerunApproval } from '../../src/commissions/index.ts';
import { askRerun, rerunNow } from '../../src/commissions/reruns/service.ts';
import { moveIb } from '../../src/ib/index.ts';
import { encodeId, type IbId, idFromUuid } from '../../src/kernel/ids.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until, within } from './support/wait.ts';

const TRADES = 4_000;
const DEATH_MS_MAX = 30_000;
const DONE_MS_MAX = 60_000;
const REASON = 'an introducing broker stood on its own';

describe('A worker that is killed while it carries a re-run out', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ queue: 'postgres' });
    await Promise.all([stage.start('api'), stage.start('relay')]);
    const worker = await stage.start('worker');
    await stage.trade(TRADES, 500);
    await settled(stage);
    await worker.kill();
  }, 120_000);
  afterAll(() => stage.close());

  const sums = async (): Promise<ReadonlyMap<string, bigint>> =>
    new Map(
      (
        await stage.acme.rows<{ name: string; units: bigint }>(
          `select kind || ' ' || beneficiary as name, sum(units)::bigint as units from commissions.rebates group by kind, beneficiary`,
        )
      ).map(({ name, units }) => [name, units]),
    );

  it('leaves it to the next one, and no revision is written twice or not at all', async () => {
    const [most] = await stage.acme.rows<{ id: string }>(`
      select i.id::text as id from ib.closure c join ib.ibs i on i.key = c.ancestor_key
        join ib.edges e on e.child_key = i.key and e.parent_key is not null
       group by i.id order by count(*) desc limit 1`);
    const ibId = idFromUuid('ibr', most?.id ?? '') as IbId;
    const [first] = await stage.acme.rows<{ at: Date }>('select min(closed_at) as at from commissions.bookings');
    const effectiveAt = first?.at ?? new Date(0);
    await stage.acme.inTenant((tx) =>
      moveIb(tx, { ibId, parentId: null, effectiveAt, backdated: true, reason: REASON }),
    );
    const { rerunId } = await stage.acme.inTenant((tx) =>
      askRerun(tx, { selection: { from: effectiveAt }, terms: {}, reason: REASON }),
    );
    const state = async () => (await stage.acme.inTenant((tx) => rerunNow(tx, rerunId))).state;
    const preparing = stage.launch('worker');
    await until('the preview is there', DONE_MS_MAX, async () => (await state()) === 'prepared');
    await preparing.kill();

    const before = await sums();
    const { digest, key } = await stage.acme.inTenant((tx) => rerunNow(tx, rerunId));
    const changes = await stage.acme.rows<{ name: string; units: bigint; trades: bigint }>(`
      select (c ->> 'kind') || ' ' || (c ->> 'beneficiary') as name, sum((c ->> 'units')::bigint)::bigint as units
        from commissions.rerun_trades t, jsonb_array_elements(t.change::jsonb -> 'revisions') r, jsonb_array_elements(r -> 'changes') c
       where t.rerun_key = ${key} group by 1`);
    const [counted] = await stage.acme.rows<{ trades: bigint }>(
      `select count(*) as trades from commissions.rerun_trades where rerun_key = ${key}`,
    );
    expect(Number(counted?.trades)).toBeGreaterThan(1_000); // More than two pages.
    const by = { approvalId: encodeId('apr', 1n) as never, requestedBy: 'test', approvedBy: [], reason: REASON };
    await stage.acme.inTenant((tx) => rerunApproval.execute(tx, { rerunId, digest }, by));

    for (const plan of ['rerun.before_commit kill', 'rerun.before_commit pause 1', 'rerun.before_commit kill']) {
      const worker = stage.launch('worker', { plan: [plan] });
      if (plan.endsWith('kill')) await within(DEATH_MS_MAX, worker.ended);
      else {
        await until('a page is written', DONE_MS_MAX, async () => {
          const { appliedUpTo } = await stage.acme.inTenant((tx) => rerunNow(tx, rerunId));
          return appliedUpTo > 0n;
        });
        await worker.kill();
      }
    }
    const last = stage.launch('worker');
    await until('the re-run is carried out', DONE_MS_MAX, async () => (await state()) === 'applied');
    await last.kill();

    const expected = new Map(before);
    for (const { name, units } of changes) expected.set(name, (expected.get(name) ?? 0n) + units);
    const after = await sums();
    for (const [name, units] of expected) expect([name, after.get(name) ?? 0n]).toEqual([name, units]);
    const [revisions] = await stage.acme.rows<{ written: bigint; most: number }>(
      'select count(*) as written, max(revision) as most from commissions.bookings where revision > 0',
    );
    expect(revisions).toEqual({ written: counted?.trades, most: 1 });
    expect((await verifyTenant(stage.tenancy, stage.acme.tenant, { recompute: true })).findings).toEqual([]);
  }, 240_000);
});
