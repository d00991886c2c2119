import { type Command, Option } from 'commander';
import { ClientId, IbId } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import { reachesEverything } from '../../platform/access.ts';
import { makeSealer } from '../../platform/crypto.ts';
import {
  AskedTerms,
  issueDue,
  listSchedules,
  listStatements,
  rotateStatementKey,
  type ScheduleTerms,
  setSchedule,
  STATEMENT_KEYS_PURPOSE,
} from '../../payouts/index.ts';
import type { CliContext } from './context.ts';
import { tableOf } from './out.ts';
import { byCommand, instant, inTenant, jsonFile, parsedBy, TENANT_OPTION, tenantNamed } from './scope.ts';

type InTenant = { readonly tenant: string };
type Cycle = ScheduleTerms['cycle'];
const ROWS_MAX = 200;
const beneficiaryOf = (text: string): IbId | ClientId => {
  const ib = IbId.safeParse(text);
  return ib.success ? ib.data : parsedBy(ClientId)(text);
};

/** A cycle as people read it: `weekly: monday, thursday`, `monthly, 5 days after its end`. */
export function cycleInWords(cycle: Cycle): string {
  if (cycle.kind === 'weekly') return `weekly: ${cycle.days.join(', ')}`;
  return cycle.kind === 'monthly' && cycle.afterDays > 0
    ? `monthly, ${cycle.afterDays} days after its end`
    : cycle.kind;
}

/** `cascade schedules list | set`. */
export function registerSchedules(program: Command, context: CliContext): void {
  const { out } = context;
  const schedules = program.command('schedules').description('when statements are made, per beneficiary or by default');
  schedules
    .command('list')
    .requiredOption(...TENANT_OPTION)
    .option('--beneficiary <id>', 'of one IB or client', beneficiaryOf)
    .description('the newest schedules')
    .action(async ({ tenant, beneficiary }: InTenant & { beneficiary?: IbId | ClientId }) => {
      const { rows } = await inTenant(context, tenant, (tx) =>
        listSchedules(tx, {
          reach: reachesEverything,
          beneficiary,
          page: { limit: ROWS_MAX, sort: '-validFrom' },
        }),
      );
      const shown = rows.map(({ beneficiary: whose, terms, validFrom, reason }) => ({
        beneficiary: whose,
        terms,
        validFrom,
        reason,
      }));
      out.result(shown, (all) =>
        tableOf([
          ['from (UTC)', 'beneficiary', 'cycle', 'hold days', 'minimums', 'on hold'],
          ...all.map(({ beneficiary: whose, terms, validFrom }) => [
            validFrom.toISOString(),
            whose ?? 'default',
            terms === null ? 'as the default' : cycleInWords(terms.cycle),
            String(terms?.holdDays ?? ''),
            terms?.minimums.map(({ amount, currency }) => `${amount} ${currency}`).join(', ') ?? '',
            terms?.onHold === true ? 'yes' : '',
          ]),
        ]),
      );
    });
  schedules
    .command('set')
    .requiredOption(...TENANT_OPTION)
    .option('--beneficiary <id>', 'an IB or a client; the default of all others without it', beneficiaryOf)
    .addOption(new Option('--file <path>', 'a JSON file with the terms, as the API takes them').conflicts('default'))
    .option('--default', 'the default holds from then on')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--at <instant>', 'from when on; now unless given, never in the past', instant)
    .description('sets when a beneficiary gets statements')
    .action(
      async ({
        tenant,
        beneficiary,
        file,
        reason,
        at,
      }: InTenant & { beneficiary?: IbId | ClientId; file?: string; reason: string; at?: Date }) => {
        const terms = file === undefined ? null : await jsonFile(file, AskedTerms);
        const made = await inTenant(context, tenant, (tx) =>
          setSchedule(tx, { beneficiary: beneficiary ?? null, terms, reason, ...(at && { effectiveAt: at }) }),
        );
        out.result(
          { beneficiary: made.beneficiary, terms: made.terms, validFrom: made.validFrom },
          (each) => `${each.beneficiary ?? 'the default'} from ${each.validFrom.toISOString()} on`,
        );
      },
    );
}

/** `cascade statements list | issue | rotate-key`. */
export function registerStatements(program: Command, context: CliContext): void {
  const { out } = context;
  const statements = program.command('statements').description('what beneficiaries are told that they earned');
  statements
    .command('list')
    .requiredOption(...TENANT_OPTION)
    .option('--beneficiary <id>', 'of one IB or client', beneficiaryOf)
    .description('the newest statements')
    .action(async ({ tenant, beneficiary }: InTenant & { beneficiary?: IbId | ClientId }) => {
      const { rows } = await inTenant(context, tenant, (tx) =>
        listStatements(tx, {
          reach: reachesEverything,
          filter: { beneficiary },
          page: { limit: ROWS_MAX, sort: '-issuedAt' },
        }),
      );
      const shown = rows.map(
        ({ id, number, beneficiary: whose, currency, endsAt, payableUnits, carriedUnits, paidAt, hash }) => ({
          id,
          number,
          beneficiary: whose,
          endsAt,
          currency,
          payable: formatAmount({ units: payableUnits, currency }),
          carried: formatAmount({ units: carriedUnits, currency }),
          paidAt,
          hash,
        }),
      );
      out.result(shown, (all) =>
        tableOf([
          ['number', 'beneficiary', 'up to (UTC)', 'payable', 'carried', '', 'paid'],
          ...all.map((each) => [String(each.number), each.beneficiary, each.endsAt.toISOString(), each.payable, each.carried, each.currency, each.paidAt?.toISOString() ?? '']), // prettier-ignore
        ]),
      );
    });
  statements
    .command('issue')
    .requiredOption(...TENANT_OPTION)
    .description('makes the statements that are due now, which a worker does each minute')
    .action(async ({ tenant: slug }: InTenant) => {
      const { id } = await tenantNamed(context, slug);
      const { withTenant } = await context.openTenancy();
      const made = await issueDue((work) => withTenant(id, byCommand(), work), sealerOf(context));
      out.result({ statements: made }, (each) => `${each.statements} statements made`);
    });
  statements
    .command('rotate-key')
    .requiredOption(...TENANT_OPTION)
    .description('makes a new key that signs statements; the others go on verifying')
    .action(async ({ tenant }: InTenant) => {
      const made = await inTenant(context, tenant, (tx) => rotateStatementKey(tx, sealerOf(context)));
      out.result(made, ({ kid }) => `${kid} signs from now on`);
    });
}

const sealerOf = (context: CliContext) => makeSealer(context.config().secret, STATEMENT_KEYS_PURPOSE);
