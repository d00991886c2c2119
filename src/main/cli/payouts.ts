import type { Command } from 'commander';
import { Currency } from '../../kernel/currency.ts';
import { PayoutRunId } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import { agreeByHand, draftRun, listRuns, postRun, runWithTotals } from '../../payouts/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { CliContext } from './context.ts';
import { tableOf } from './out.ts';
import { actor, byCommand, inTenant, instant, parsedBy, TENANT_OPTION, tenantNamed } from './scope.ts';

type InTenant = { readonly tenant: string };

const ROWS_MAX = 50;

/** `cascade payouts draft | list | show | pay`. */
export function registerPayouts(program: Command, context: CliContext): void {
  const { out } = context;
  const payouts = program.command('payouts').description('payout runs of a tenant');
  payouts
    .command('draft')
    .requiredOption(...TENANT_OPTION)
    .option('--currency <code>', 'statements in this currency only', parsedBy(Currency))
    .option('--ends-before <instant>', 'of cycles that ended before it only', instant)
    .description('drafts a run from all statements that are to be paid')
    .action(async ({ tenant, currency, endsBefore }: InTenant & { currency?: Currency; endsBefore?: Date }) => {
      const wanted = { endsBefore, ...(currency !== undefined && { currencies: [currency] }) };
      const drafted = await inTenant(context, tenant, async (tx) =>
        shown(tx, await draftRun(tx, wanted, { draftedBy: actor() })),
      );
      out.result(drafted, textOf);
    });
  payouts
    .command('list')
    .requiredOption(...TENANT_OPTION)
    .description('the newest runs')
    .action(async ({ tenant }: InTenant) => {
      const runs = await inTenant(context, tenant, (tx) => listRuns(tx, ROWS_MAX));
      out.result(
        runs.map(({ id, state, draftedBy, draftedAt, endedAt }) => ({ id, state, draftedBy, draftedAt, endedAt })),
        (all) =>
          tableOf([
            ['run', 'state', 'drafted (UTC)', 'by', 'ended'],
            ...all.map((run) => [run.id, run.state, run.draftedAt.toISOString(), run.draftedBy, run.endedAt?.toISOString() ?? '']), // prettier-ignore
          ]),
      );
    });
  payouts
    .command('show')
    .argument('<run>', 'the run, pyr_…', parsedBy(PayoutRunId))
    .requiredOption(...TENANT_OPTION)
    .description('a run with its totals')
    .action(async (runId: PayoutRunId, { tenant }: InTenant) => {
      out.result(await inTenant(context, tenant, (tx) => shown(tx, runId)), textOf);
    });
  payouts
    .command('pay')
    .argument('<run>', 'the run, pyr_…', parsedBy(PayoutRunId))
    .requiredOption(...TENANT_OPTION)
    .description('agrees to a run that somebody else drafted, and posts it')
    .action(async (runId: PayoutRunId, { tenant: slug }: InTenant) => {
      const { id: tenantId } = await tenantNamed(context, slug);
      const { withTenant } = await context.openTenancy();
      const origin = byCommand();
      await inTenant(context, slug, (tx) => agreeByHand(tx, { runId, agreedBy: actor() }));
      const bar = out.progress('paying', 0);
      try {
        await postRun(withTenant, { tenantId, runId, origin, onPart: (done, total) => bar.set(done, total) });
      } finally {
        bar.stop();
      }
      out.result(await inTenant(context, slug, (tx) => shown(tx, runId)), textOf);
    });
}

async function shown(tx: TenantTx, runId: PayoutRunId) {
  const { run, totals } = await runWithTotals(tx, runId);
  return {
    id: run.id,
    state: run.state,
    draftedBy: run.draftedBy,
    totals: totals.map(({ kind, state, items, units, currency }) => ({
      beneficiaries: kind === 1 ? 'ib' : 'client',
      state,
      items,
      amount: formatAmount({ units, currency }),
      currency,
    })),
  };
}

const textOf = ({ id, state, totals }: Awaited<ReturnType<typeof shown>>): string =>
  [
    `${id} is ${state}`,
    tableOf([
      ['', 'items', 'state', 'amount', ''],
      ...totals.map((each) => [each.beneficiaries, String(each.items), each.state, each.amount, each.currency]),
    ]),
  ].join('\n');
