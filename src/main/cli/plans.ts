import type { Command } from 'commander';
import { z } from 'zod';
import {
  agree,
  AgreementTerms,
  assignPlan,
  createPlan,
  draftVersion,
  listPlans,
  overrideRatesOf,
  type OverrideScope,
  publishVersion,
} from '../../commissions/index.ts';
import { ibKeys } from '../../ib/index.ts';
import { ClientId, IbId, PlanId } from '../../kernel/ids.ts';
import { refuseClosed } from '../../payouts/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { tableOf } from './out.ts';
import { inTenant, instant, jsonFile, parsedBy, TENANT_OPTION } from './scope.ts';

type InTenant = { readonly tenant: string };
const versionNumber = parsedBy(
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'It takes the number of a version.')
    .transform(Number),
);

/** `cascade plans list | create | draft | publish | assign | agree | override`. */
export function registerPlans(program: Command, context: CliContext): void {
  const plans = program
    .command('plans')
    .description('commission plans of a tenant, their versions, and who agreed on what');
  versions(plans, context);
  usage(plans, context);
}

function versions(plans: Command, context: CliContext): void {
  const { out } = context;
  plans
    .command('list')
    .requiredOption(...TENANT_OPTION)
    .description('all plans with their versions')
    .action(async ({ tenant }: InTenant) => {
      const rows = await inTenant(context, tenant, listPlans);
      out.result(rows, (all) =>
        tableOf([
          ['plan', 'name', 'version', 'holds from'],
          ...all.map((row) => [
            row.id,
            row.name,
            row.number?.toString() ?? '-',
            row.validFrom?.toISOString() ?? (row.number === null ? '-' : 'draft'),
          ]),
        ]),
      );
    });

  plans
    .command('create')
    .argument('<name>', 'its name for people')
    .requiredOption(...TENANT_OPTION)
    .description('makes a plan; it pays nothing before a version is published and assigned')
    .action(async (name: string, { tenant }: InTenant) => {
      const id = await inTenant(context, tenant, (tx) => createPlan(tx, { name }));
      out.result({ id, name }, (each) => `${each.name} is ${each.id}`);
    });

  plans
    .command('draft')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--file <json>', 'the definition of the version')
    .description('adds a draft version')
    .action(async (planId: PlanId, { tenant, file }: InTenant & { file: string }) => {
      const definition = await jsonFile(file, z.unknown());
      const number = await inTenant(context, tenant, (tx) => draftVersion(tx, { planId, definition }));
      out.result({ planId, number }, (each) => `version ${each.number} is a draft`);
    });

  plans
    .command('publish')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .argument('<version>', 'the number of the draft', versionNumber)
    .requiredOption(...TENANT_OPTION)
    .option(
      '--from <instant>',
      "since when; now unless given; only a plan's first version may hold from the past",
      instant,
    )
    .description('publishes a draft; it never changes afterwards')
    .action(async (planId: PlanId, number: number, { tenant, from }: InTenant & { from?: Date }) => {
      await inTenant(context, tenant, (tx) =>
        inOpenPeriod(tx, publishVersion(tx, { planId, number, ...(from && { validFrom: from }) })),
      );
      out.result({ planId, number }, (each) => `version ${each.number} is published`);
    });
}

function usage(plans: Command, context: CliContext): void {
  const { out } = context;
  const keyOf = (tenant: string, ib: IbId): Promise<number> =>
    inTenant(context, tenant, async (tx) => {
      const key = (await ibKeys(tx, [ib])).get(ib);
      if (key === undefined) throw cliProblem('cli.ib_unknown', { detail: ib });
      return key;
    });

  plans
    .command('assign')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .requiredOption(...TENANT_OPTION)
    .option('--ib <id>', 'for all clients below this IB; for the whole tenant without it', parsedBy(IbId))
    .option('--from <instant>', 'since when; now unless given', instant)
    .description('says for whom a plan holds; the nearest assignment wins')
    .action(async (planId: PlanId, { tenant, ib, from }: InTenant & { ib?: IbId; from?: Date }) => {
      const ibKey = ib === undefined ? undefined : await keyOf(tenant, ib);
      await inTenant(context, tenant, (tx) =>
        inOpenPeriod(
          tx,
          assignPlan(tx, { planId, ...(ibKey !== undefined && { ibKey }), ...(from && { validFrom: from }) }),
        ),
      );
      out.result({ planId, ib: ib ?? null }, (each) => `${each.planId} holds for ${each.ib ?? 'the whole tenant'}`);
    });

  plans
    .command('agree')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--ib <id>', 'the IB', parsedBy(IbId))
    .option('--rate <rate>', "its own rate, in the unit of the plan's rates")
    .option('--rank <name>', 'its rank, where the levels of the plan are rank slots')
    .option('--from <instant>', 'since when; now unless given', instant)
    .description("records an IB's own rate or rank under a plan")
    .action(async (planId: PlanId, { tenant, ib, from, ...said }: InTenant & Said & { ib: IbId; from?: Date }) => {
      const terms = termsSaid(said);
      const ibKey = await keyOf(tenant, ib);
      await inTenant(context, tenant, (tx) =>
        inOpenPeriod(tx, agree(tx, { planId, agreements: [{ ibKey, terms, ...(from && { validFrom: from }) }] })),
      );
      out.result({ planId, ib, ...said }, (each) => `${each.ib} has the ${termsShown(said)}`);
    });

  plans
    .command('override')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .requiredOption(...TENANT_OPTION)
    .option('--ib <id>', 'the IB; with a client: the deal of this link; with a group: its rate for it', parsedBy(IbId))
    .option('--client <id>', 'the client; without an IB: a personal override', parsedBy(ClientId))
    .option('--group <name>', 'the account group')
    .option('--rate <rate>', "the rate, in the unit of the plan's rates")
    .option('--rank <name>', 'the rank, where the levels of the plan are rank slots')
    .option('--end', 'ends the override: what comes after it in the lookup counts again')
    .option('--from <instant>', 'since when; now unless given', instant)
    .requiredOption('--reason <text>', 'why')
    .description('records rates that come before agreements: of a client link, a client, or an account group')
    .action(async (planId: PlanId, options: InTenant & Said & Overridden) => {
      const { tenant, end, from, reason } = options;
      const scope = scopeSaid(options);
      const terms = end === true ? [] : termsSaid(options);
      const { id } = await inTenant(context, tenant, (tx) =>
        overrideRatesOf(tx, { planId, scope, terms, reason, ...(from && { validFrom: from }) }),
      );
      out.result({ id, planId, scope, terms }, (each) => `${each.id} holds for ${describeScope(each.scope)}`);
    });
}

/** Takes back, with its transaction, what would begin in a closed period: `payouts.period_closed`. */
async function inOpenPeriod(tx: TenantTx, begun: Promise<Date | Date[]>): Promise<void> {
  for (const since of [await begun].flat()) await refuseClosed(tx, since);
}

type Said = { readonly rate?: string; readonly rank?: string };
type Overridden = {
  readonly ib?: IbId;
  readonly client?: ClientId;
  readonly group?: string;
  readonly end?: boolean;
  readonly from?: Date;
  readonly reason: string;
};

function termsSaid({ rate, rank }: Said): AgreementTerms {
  if ((rate === undefined) === (rank === undefined))
    throw cliProblem('cli.usage', { detail: 'Say one of --rate and --rank.' });
  const terms = AgreementTerms.safeParse([rank === undefined ? { rate } : { rank }]);
  if (!terms.success) throw cliProblem('cli.usage', { detail: 'It is no rate, or no rank.' });
  return terms.data;
}

const termsShown = ({ rate, rank }: Said): string => (rank === undefined ? `rate ${rate}` : `rank ${rank}`);

function scopeSaid({ ib, client, group }: Overridden): OverrideScope {
  if (client !== undefined && group === undefined)
    return ib === undefined ? { kind: 'personal', clientId: client } : { kind: 'link', ibId: ib, clientId: client };
  if (group !== undefined && client === undefined)
    return { kind: 'group', accountGroup: group, ...(ib !== undefined && { ibId: ib }) };
  throw cliProblem('cli.usage', { detail: 'Say one of --client and --group.' });
}

const describeScope = (scope: OverrideScope): string =>
  scope.kind === 'group' ? `the group ${scope.accountGroup}` : `the client ${scope.clientId}`;
