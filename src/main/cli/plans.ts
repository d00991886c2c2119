import type { Command } from 'commander';
import { z } from 'zod';
import { agree, assignPlan, createPlan, draftVersion, listPlans, publishVersion } from '../../commissions/index.ts';
import { ibKeys } from '../../ib/index.ts';
import { IbId, PlanId } from '../../kernel/ids.ts';
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

/** `cascade plans list | create | draft | publish | assign | agree`. */
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
      await inTenant(context, tenant, (tx) => publishVersion(tx, { planId, number, ...(from && { validFrom: from }) }));
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
        assignPlan(tx, { planId, ...(ibKey !== undefined && { ibKey }), ...(from && { validFrom: from }) }),
      );
      out.result({ planId, ib: ib ?? null }, (each) => `${each.planId} holds for ${each.ib ?? 'the whole tenant'}`);
    });

  plans
    .command('agree')
    .argument('<plan>', 'the plan', parsedBy(PlanId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--ib <id>', 'the IB', parsedBy(IbId))
    .requiredOption('--rate <rate>', "its own rate, in the unit of the plan's rates")
    .option('--from <instant>', 'since when; now unless given', instant)
    .description("records an IB's own rate under a plan")
    .action(async (planId: PlanId, { tenant, ib, rate, from }: InTenant & { ib: IbId; rate: string; from?: Date }) => {
      const ibKey = await keyOf(tenant, ib);
      await inTenant(context, tenant, (tx) =>
        agree(tx, { planId, agreements: [{ ibKey, terms: [{ rate }], ...(from && { validFrom: from }) }] }),
      );
      out.result({ planId, ib, rate }, (each) => `${each.ib} has the rate ${each.rate}`);
    });
}
