import { type Command, InvalidArgumentError } from 'commander';
import { type Quotas, quotasOf, setQuotas, usageOf } from '../../tenancy/index.ts';
import type { CliContext } from './context.ts';
import { tableOf } from './out.ts';
import { act } from './tenant-acts.ts';

const DAYS_SHOWN_MAX = 100;

/** `cascade tenants quotas | usage`. */
export function registerTenantQuotas(tenants: Command, context: CliContext): void {
  registerQuotas(tenants, context);
  registerUsage(tenants, context);
}

const whole = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It takes a whole number above 0.');
  return Number(text);
};
/** Commander has no null among its values. */
const wholeOrNone = (text: string): number | 'none' => (text === 'none' ? text : whole(text));

type Given = {
  readonly [Name in 'requestsPerMinute' | 'usersMax' | 'clientsMax' | 'tradesPerDayExpected']?: number | 'none';
} & { readonly exportsPerDay?: number };

/** What was given, over what held before. */
function changed(before: Quotas, given: Given): Quotas {
  const numberOf = (value: number | 'none' | undefined, otherwise: number | null): number | null =>
    value === undefined ? otherwise : value === 'none' ? null : value;
  const { tradesPerDayExpected: expected } = given;
  return {
    requestsPerMinute: numberOf(given.requestsPerMinute, before.requestsPerMinute),
    usersMax: numberOf(given.usersMax, before.usersMax),
    clientsMax: numberOf(given.clientsMax, before.clientsMax),
    exportsPerDay: given.exportsPerDay ?? before.exportsPerDay,
    tradesPerDayExpected:
      expected === undefined ? before.tradesPerDayExpected : expected === 'none' ? null : BigInt(expected),
  };
}

function registerQuotas(tenants: Command, context: CliContext): void {
  tenants
    .command('quotas')
    .argument('<slug>', 'the tenant')
    .option('--requests-per-minute <n>', 'requests to its hosts; none: as the installation says', wholeOrNone)
    .option('--users-max <n>', 'people who work there, or none', wholeOrNone)
    .option('--clients-max <n>', 'its clients, or none', wholeOrNone)
    .option('--exports-per-day <n>', 'exports a day', whole)
    .option('--trades-per-day-expected <n>', 'more are booked and told of, or none', wholeOrNone)
    .description('shows what a tenant may use, or changes what is given')
    .action(async (slug: string, given: Given) => {
      let quotas: Quotas | undefined;
      await act(context, slug, async (tx, { id }) => {
        quotas = changed(await quotasOf(tx, id), given);
        if (Object.keys(given).length > 0) await setQuotas(tx, id, quotas);
      });
      if (quotas === undefined) return;
      const shown = { slug, ...quotas, tradesPerDayExpected: quotas.tradesPerDayExpected?.toString() ?? null };
      context.out.result(shown, (each) =>
        tableOf(Object.entries(each).map(([name, value]) => [name, String(value ?? 'none')])),
      );
    });
}

function registerUsage(tenants: Command, context: CliContext): void {
  tenants
    .command('usage')
    .argument('<slug>', 'the tenant')
    .option('--days <n>', 'so many of the last days', whole, 14)
    .description('shows what a tenant used, the last days first')
    .action(async (slug: string, { days }: { days: number }) => {
      const tenancy = await context.openTenancy();
      const { id } = await tenancy.tenantOfSlug(slug);
      const rows = await tenancy.withControl((tx) => usageOf(tx, id, Math.min(days, DAYS_SHOWN_MAX)));
      context.out.result(rows, (all) =>
        tableOf([
          ['day', 'requests', 'trades', 'users', 'clients', 'database bytes', 'trades due'],
          ...all.map((row) =>
            [row.day, row.requests, row.trades, row.users, row.clients, row.databaseBytes, row.tradesDue].map(
              (value) => value ?? '-',
            ),
          ),
        ]),
      );
    });
}
