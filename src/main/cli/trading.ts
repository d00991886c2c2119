import type { Command } from 'commander';
import { z } from 'zod';
import { hint } from '../../platform/events/index.ts';
import {
  createServer,
  createSource,
  mapSymbols,
  parkedCounts,
  openReasonNames,
  parkedDeals,
  reasonNumberOf,
  rerunParked,
  setGroups,
  setOpenByHand,
  allServers,
  allSources,
} from '../../trading/index.ts';
import { sourceSealer } from '../roles.ts';
import { systemClock } from '../../kernel/clock.ts';
import { DealId } from '../../kernel/ids.ts';
import { isDecimal } from '../../kernel/decimal.ts';
import type { CliContext } from './context.ts';
import { tableOf } from './out.ts';
import { inTenant, instant, jsonFile, parsedBy, tenantNamed, TENANT_OPTION } from './scope.ts';

const decimal = z.string().refine(isDecimal, 'expected a plain decimal as text');
const Symbols = z.array(
  z.strictObject({
    rawName: z.string(),
    symbol: z.string(),
    symbolGroup: z.string(),
    digits: z.int().min(0).max(12),
    contractSize: decimal,
    pipSize: decimal,
    profitCurrency: z.string(),
    baseCurrency: z.string().optional(),
  }),
);
const Groups = z.array(z.strictObject({ name: z.string(), lotFactor: decimal, pays: z.boolean() }));
const minutes = parsedBy(
  z
    .string()
    .regex(/^-?\d{1,4}$/, 'It takes whole minutes.')
    .transform(Number),
);
const openReason = parsedBy(z.enum(openReasonNames));
const PARKED_MAX = 200;
const RERUN_AT_ONCE = 1_000;

type InTenant = { readonly tenant: string };
type Opened = {
  readonly at: Date;
  readonly price?: string;
  readonly openReason?: (typeof openReasonNames)[number];
  readonly reason: string;
};
type Mapping = InTenant & { readonly server: string; readonly file: string; readonly from: Date };

/** `cascade trading servers | server | source | symbols | groups | parked | open | rerun`. */
export function registerTrading(program: Command, context: CliContext): void {
  const trading = program
    .command('trading')
    .description('trade servers of a tenant, what their names mean, and deals that wait for somebody');
  servers(trading, context);
  mappings(trading, context);
  parked(trading, context);
  opens(trading, context);
}

function servers(trading: Command, context: CliContext): void {
  const { out } = context;
  trading
    .command('servers')
    .requiredOption(...TENANT_OPTION)
    .description('trade servers and the feed sources that bring their deals')
    .action(async ({ tenant }: InTenant) => {
      const found = await inTenant(context, tenant, async (tx) => ({
        servers: await allServers(tx),
        sources: await allSources(tx),
      }));
      out.result(found, (all) =>
        tableOf([
          ['server', 'clock', 'source', 'source id'],
          ...all.servers.flatMap((server) => {
            const sources = all.sources.filter((source) => source.server === server.name);
            const clock = `${server.zone} ${server.shiftMinutes >= 0 ? '+' : ''}${server.shiftMinutes} min`;
            return sources.length === 0
              ? [[server.name, clock, '-', '-']]
              : sources.map((source) => [server.name, clock, source.name, source.id]);
          }),
        ]),
      );
    });

  trading
    .command('server')
    .argument('<name>', 'the name that accounts and sources refer to')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--zone <iana>', 'the zone that its clock follows, such as America/New_York')
    .requiredOption('--shift <minutes>', 'and minutes on top: 420 for the common GMT+2/+3', minutes)
    .description('registers an MT5 trade server')
    .action(async (name: string, { tenant, zone, shift }: InTenant & { zone: string; shift: number }) => {
      await inTenant(context, tenant, (tx) => createServer(tx, { name, platform: 'mt5', zone, shiftMinutes: shift }));
      out.result({ name, zone, shiftMinutes: shift }, (each) => `server ${each.name} is registered`);
    });

  trading
    .command('source')
    .argument('<name>', 'what the source is called')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--server <name>', 'whose deals it brings')
    .description('registers a feed source; its secret is told this once')
    .action(async (name: string, { tenant, server }: InTenant & { server: string }) => {
      const keeping = { sealer: sourceSealer(context.config()), clock: systemClock };
      const source = await inTenant(context, tenant, (tx) => createSource(tx, keeping, { server, name }));
      out.result({ name, ...source }, (each) => `source ${each.name} is ${each.id}\nsecret ${each.secret}`);
    });
}

function mappings(trading: Command, context: CliContext): void {
  const { out } = context;
  const mapping = (
    verb: 'symbols' | 'groups',
    words: string,
    write: (options: Mapping) => Promise<{ added: number; changed: number; unchanged: number }>,
  ) =>
    trading
      .command(verb)
      .requiredOption(...TENANT_OPTION)
      .requiredOption('--server <name>', 'the trade server')
      .requiredOption('--file <json>', `a list of ${verb}`)
      .requiredOption('--from <instant>', 'since when it holds', instant)
      .description(words)
      .action(async (options: Mapping) => {
        const change = await write(options);
        out.result(change, (each) => `${each.added} added, ${each.changed} changed, ${each.unchanged} as they were`);
      });
  mapping('symbols', "says what a server's symbols mean", async ({ tenant, server, file, from }) => {
    const symbols = await jsonFile(file, Symbols);
    return inTenant(context, tenant, (tx) => mapSymbols(tx, { server, symbols, validFrom: from }));
  });
  mapping(
    'groups',
    "says what a lot counts in a server's account groups, and which of them earn",
    async ({ tenant, server, file, from }) => {
      const groups = await jsonFile(file, Groups);
      return inTenant(context, tenant, (tx) => setGroups(tx, { server, groups, validFrom: from }));
    },
  );
}

function parked(trading: Command, context: CliContext): void {
  const { out } = context;
  trading
    .command('parked')
    .requiredOption(...TENANT_OPTION)
    .option('--code <code>', 'only those that wait for this reason')
    .description(`deals that cannot be booked as they are, with the reason; the first ${PARKED_MAX} of them`)
    .action(async ({ tenant, code }: InTenant & { code?: string }) => {
      const found = await inTenant(context, tenant, async (tx) => ({
        counts: Object.fromEntries(await parkedCounts(tx)),
        deals: await parkedDeals(tx, { limit: PARKED_MAX, ...(code !== undefined && { code }) }),
      }));
      out.result(found, ({ counts, deals }) =>
        [
          ...Object.entries(counts).map(([each, count]) => `${count} wait: ${each}`),
          ...(deals.length === 0
            ? ['No deal is parked']
            : [
                tableOf([
                  ['deal', 'ticket', 'login', 'symbol', 'code', 'detail'],
                  ...deals.map((deal) => [
                    deal.id,
                    String(deal.ticket),
                    String(deal.login ?? '-'),
                    deal.symbol,
                    deal.code,
                    deal.detail,
                  ]),
                ]),
              ]),
        ].join('\n'),
      );
    });

  trading
    .command('rerun')
    .requiredOption(...TENANT_OPTION)
    .option('--code <code>', 'only those that wait for this reason')
    .description('looks at parked deals again after their cause was mended, and puts back what can be booked now')
    .action(async ({ tenant, code }: InTenant & { code?: string }) => {
      const total = { putBack: 0, settled: 0, stillParked: 0 };
      let after: bigint | undefined = 0n;
      while (after !== undefined) {
        const from: bigint = after;
        const run = await inTenant(context, tenant, (tx) =>
          rerunParked(tx, { max: RERUN_AT_ONCE, after: from, ...(code !== undefined && { code }) }),
        );
        total.putBack += run.dealKeys.length;
        total.settled += run.settled;
        total.stillParked += run.stillParked;
        after = run.next;
      }
      await tellSweeper(context, tenant, total.putBack);
      out.result(
        total,
        (each) => `${each.putBack} put back, ${each.settled} need no booking, ${each.stillParked} still parked`,
      );
    });
}

function opens(trading: Command, context: CliContext): void {
  const { out } = context;
  trading
    .command('open')
    .argument('<deal>', 'a deal that is parked because the open of its position is not known', parsedBy(DealId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--at <instant>', 'when the position was opened, in UTC', instant)
    .option('--price <price>', 'at which price, where the plan looks at it', parsedBy(decimal))
    .option('--open-reason <name>', 'why, by the name of the platform, where the plan looks at it', openReason)
    .requiredOption('--reason <text>', 'how it is known')
    .description('says by hand when the position of a parked deal was opened; it is kept, and told with the trade')
    .action(async (dealId: DealId, said: InTenant & Opened) => {
      const { tenant, at: openedAt, price, reason } = said;
      const why = said.openReason;
      const { due } = await inTenant(context, tenant, (tx) =>
        setOpenByHand(tx, {
          dealId,
          openedAt,
          reason,
          ...(price !== undefined && { price }),
          ...(why !== undefined && { openReason: reasonNumberOf(why) }),
        }),
      );
      await tellSweeper(context, tenant, due.length);
      out.result({ dealId, openedAt: openedAt.toISOString(), due: due.length }, (each) => `${each.due} put back`);
    });
}

/** The sweeper looks at the tenant at once where something waits to be booked now. */
async function tellSweeper(context: CliContext, tenant: string, due: number): Promise<void> {
  if (due === 0) return;
  const tenancy = await context.openTenancy();
  await hint(tenancy.withControl, [(await tenantNamed(context, tenant)).id], 'sweeper');
}
