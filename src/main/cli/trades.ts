import type { Command } from 'commander';
import { z } from 'zod';
import { explain, type TradeExplanation } from '../../commissions/index.ts';
import { DealId, dealIdOf } from '../../kernel/ids.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { executionsOfTicket } from '../../trading/index.ts';
import { tradeInWords, unpaidInWords } from '../demo/story.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { inTenant, parsedBy, TENANT_OPTION } from './scope.ts';

const ticketNumber = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'It takes the number of a deal.')
  .transform(BigInt);

type Asked = { readonly tenant: string; readonly ticket?: bigint; readonly server?: string };

/** `cascade trades explain <deal>`, or by the ticket that the platform shows. */
export function registerTrades(program: Command, context: CliContext): void {
  const trades = program.command('trades').description('booked trades of a tenant');
  trades
    .command('explain')
    .argument('[deal]', 'the id of a closing deal, dea_…', parsedBy(DealId))
    .requiredOption(...TENANT_OPTION)
    .option('--ticket <number>', 'in place of the id: the ticket of the closing deal', parsedBy(ticketNumber))
    .option('--server <name>', 'the server of the ticket, where several have it')
    .description(
      'what a trade earned and for whom, step by step, computed again from what was known when it was booked',
    )
    .action(async (deal: DealId | undefined, { tenant, ticket, server }: Asked) => {
      if ((deal === undefined) === (ticket === undefined))
        throw cliProblem('cli.usage', { detail: 'It takes the id of a deal or --ticket' });
      if (ticket === undefined && server !== undefined)
        throw cliProblem('cli.usage', { detail: '--server goes with --ticket' });
      const told = await inTenant(context, tenant, async (tx) =>
        explain(tx, ticket === undefined ? DealId.parse(deal) : await dealOfTicket(tx, ticket, server)),
      );
      context.out.result(told, textOf);
    });
}

/** The one deal of a ticket. `cli.ticket_unknown`; `cli.ticket_ambiguous` names the servers that have it. */
async function dealOfTicket(tx: TenantTx, ticket: bigint, server: string | undefined): Promise<DealId> {
  const [found, ...others] = await executionsOfTicket(tx, { ticket, server });
  if (found === undefined)
    throw cliProblem('cli.ticket_unknown', { detail: server === undefined ? `${ticket}` : `${ticket} of ${server}` });
  if (others.length > 0)
    throw cliProblem('cli.ticket_ambiguous', {
      detail: `${ticket}: ${[found, ...others].map(({ server: name }) => name).join(', ')}`,
    });
  return dealIdOf(found.dealKey);
}

const textOf = (trade: TradeExplanation): string =>
  (trade.reason === undefined ? tradeInWords(trade) : unpaidInWords(trade, trade.reason.sentence)).join('\n');
