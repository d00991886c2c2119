import { z } from 'zod';
import type { TenantId } from '../../kernel/ids.ts';
import { onlyRow } from '../../platform/query.ts';
import { defineTask, requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { lastLook } from '../arrivals/queries.ts';
import { type Arrivals, beginArrivals, takeArrivals } from '../arrivals/service.ts';
import { makeCut } from '../cuts/service.ts';
import { PlanBooks } from '../plans/store.ts';
import { PREVIEW_FILE, previewLines } from './preview.ts';
import { lookAt, type LookRange, nextClients, settlePeriods } from './service.ts';

const HOUR_MS = 3_600_000;
/** So long after its end a period is settled: what its server tells late is there by then, as a rule. */
const DELAY_MS = 6 * HOUR_MS;

const payload = z.strictObject({
  /** Periods that ended by then. */
  upTo: z.iso.datetime(),
  /** Only those that end in it; what was settled there is worked out again. */
  range: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }).optional(),
  /** Whether nothing is awarded: what would be is written to a file. */
  isPreview: z.boolean(),
});

/**
 * Looks at what came in, settles the periods that are due, and awards steps of ladders; page by page, each in a transaction of its
 * own. What a killed worker did not finish is due again; what it did is not.
 */
export const periodRun = defineTask({
  kind: 'commissions.period_run',
  right: { action: 'run', resource: 'awards' },
  payload,
  run: async (task, asked) => {
    const books = new PlanBooks();
    const look: LookRange = {
      upTo: new Date(asked.upTo),
      range: asked.range && { from: new Date(asked.range.from), to: new Date(asked.range.to) },
    };
    const { batchKey } = await task.read(makeCut);
    const sum = { clients: 0, awards: 0, waiting: 0 };
    const page = async (work: (tx: TenantTx) => Promise<unknown>): Promise<void> =>
      task.page(async (tx) => {
        await work(tx);
        return { done: sum.clients };
      });
    let arrivals: Arrivals = { stage: 'bookings', after: 0n, knownAt: new Date(0) };
    await page(async (tx) => (arrivals = await beginArrivals(tx, await books.read(tx))));
    while (arrivals.stage !== 'done') {
      const from = arrivals;
      await page(async (tx) => (arrivals = await takeArrivals(tx, await books.read(tx), from, batchKey)));
    }
    for (let after: number | undefined = 0; after !== undefined;) {
      const last: number = after;
      after = undefined;
      await page(async (tx) => {
        const clientKeys = await nextClients(tx, look, last);
        if (clientKeys.length === 0) return;
        after = clientKeys.at(-1);
        sum.clients += clientKeys.length;
        if (asked.isPreview) {
          const { looked } = await lookAt(tx, books, clientKeys, look);
          const lines = await previewLines(tx, looked);
          await task.write(tx, PREVIEW_FILE, lines.text);
          sum.awards += lines.awards;
          sum.waiting += looked.waits.length;
        } else {
          const settled = await settlePeriods(tx, books, clientKeys, look);
          sum.awards += settled.awards;
          sum.waiting += settled.waiting;
        }
      });
    }
    return sum;
  },
});

const PAUSE_MS = HOUR_MS;

/** Has periods looked at once an hour where a plan pays by the period; to be called often, and quick where nothing is due. */
export function makePeriodStep({ withTenant }: { readonly withTenant: WithTenant }) {
  const books = new PlanBooks();
  return (tenantId: TenantId): Promise<void> =>
    withTenant(tenantId, { actor: 'periods', causation: 'settling' }, async (tx) => {
      const { isRecent, now } = onlyRow(await lastLook(tx, { pauseMs: PAUSE_MS }));
      if (isRecent === true) return;
      const book = await books.read(tx);
      if (book.payingByPeriod.length === 0) return;
      await requestTask(
        tx,
        periodRun,
        { upTo: new Date(now.getTime() - DELAY_MS).toISOString(), isPreview: false },
        { once: `hour ${Math.floor(now.getTime() / HOUR_MS)}` },
      );
    });
}
