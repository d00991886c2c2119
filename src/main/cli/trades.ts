import type { Command } from 'commander';
import { explain, type TradeExplanation } from '../../commissions/index.ts';
import { DealId } from '../../kernel/ids.ts';
import { tradeInWords, unpaidInWords } from '../demo/story.ts';
import type { CliContext } from './context.ts';
import { inTenant, parsedBy, TENANT_OPTION } from './scope.ts';

/** `cascade trades explain <deal>`. */
export function registerTrades(program: Command, context: CliContext): void {
  const trades = program.command('trades').description('booked trades of a tenant');
  trades
    .command('explain')
    .argument('<deal>', 'the id of a closing deal, dea_…', parsedBy(DealId))
    .requiredOption(...TENANT_OPTION)
    .description(
      'what a trade earned and for whom, step by step, computed again from what was known when it was booked',
    )
    .action(async (deal: DealId, { tenant }: { readonly tenant: string }) => {
      context.out.result(await inTenant(context, tenant, (tx) => explain(tx, deal)), textOf);
    });
}

const textOf = (trade: TradeExplanation): string =>
  (trade.reason === undefined ? tradeInWords(trade) : unpaidInWords(trade, trade.reason.sentence)).join('\n');
