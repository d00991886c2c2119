import type { Command } from 'commander';
import { ClientId, IbId } from '../../kernel/ids.ts';
import { clientKeys } from '../../clients/index.ts';
import { createIb, downlineOf, ibsAsOf, moveIb, relinkClient, setStatus, uplineOf } from '../../ib/index.ts';
import type { IbAsOf } from '../../ib/index.ts';
import type { CliContext } from './context.ts';
import { inTenant, instant, parsedBy, TENANT_OPTION } from './scope.ts';
import { tableOf } from './out.ts';

type InTenant = { readonly tenant: string };
const parentOf = (text: string): IbId | null => (text === 'none' ? null : parsedBy(IbId)(text));

/** `cascade ibs create | move | tree | upline | downline | suspend | resume | terminate | link`. */
export function registerIbs(program: Command, context: CliContext): void {
  const ibs = program.command('ibs').description('the tree of introducing brokers of a tenant');
  places(ibs, context);
  standing(ibs, context);
  questions(ibs, context);
}

/** Where an IB is in the tree. */
function places(ibs: Command, context: CliContext): void {
  const { out } = context;
  ibs
    .command('create')
    .argument('<name>', 'its name for people')
    .requiredOption(...TENANT_OPTION)
    .option('--parent <id>', 'the IB directly above; a master without it', parsedBy(IbId))
    .option('--from <instant>', 'since when; now unless given', instant)
    .description('adds an IB to the tree')
    .action(async (name: string, { tenant, parent, from }: InTenant & { parent?: IbId; from?: Date }) => {
      const made = await inTenant(context, tenant, (tx) =>
        createIb(tx, { name, parent: parent ?? null, ...(from && { validFrom: from }) }),
      );
      out.result(
        { id: made.id, name, parent: parent ?? null, validFrom: made.validFrom },
        (each) => `${each.name} is ${each.id}`,
      );
    });

  ibs
    .command('move')
    .argument('<ib>', 'the IB that moves, with all below it', parsedBy(IbId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--parent <id>', 'the new IB directly above, or none', parentOf)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--at <instant>', 'from when on; now unless given, never in the past', instant)
    .description('moves an IB, now or at a later instant')
    .action(
      async (
        ibId: IbId,
        { tenant, parent, reason, at }: InTenant & { parent: IbId | null; reason: string; at?: Date },
      ) => {
        const moved = await inTenant(context, tenant, (tx) =>
          moveIb(tx, { ibId, parentId: parent, reason, ...(at && { effectiveAt: at }) }),
        );
        out.result(
          { ibId, parentId: parent, ...moved },
          (each) => `${each.ibId} is below ${each.parentId ?? 'nobody'} from ${each.effectiveAt.toISOString()} on`,
        );
      },
    );
}

/** Whether an IB is active, and whose clients it has. */
function standing(ibs: Command, context: CliContext): void {
  const { out } = context;
  for (const [verb, status] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
    ['terminate', 'terminated'],
  ] as const)
    ibs
      .command(verb)
      .argument('<ib>', 'the IB', parsedBy(IbId))
      .requiredOption(...TENANT_OPTION)
      .requiredOption('--reason <text>', 'why, for the record')
      .description(`makes an IB ${status} from now on`)
      .action(async (ibId: IbId, { tenant, reason }: InTenant & { reason: string }) => {
        const { effectiveAt } = await inTenant(context, tenant, (tx) => setStatus(tx, { ibId, status, reason }));
        out.result(
          { ibId, status, effectiveAt },
          (each) => `${each.ibId} is ${each.status} from ${each.effectiveAt.toISOString()} on`,
        );
      });

  ibs
    .command('link')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--client <id>', 'the client', parsedBy(ClientId))
    .requiredOption('--ib <id>', 'the IB that the client belongs to, or none', parentOf)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--at <instant>', 'from when on; now unless given, never in the past', instant)
    .description('gives a client to an IB')
    .action(
      async ({
        tenant,
        client,
        ib,
        reason,
        at,
      }: InTenant & { client: ClientId; ib: IbId | null; reason: string; at?: Date }) => {
        const moved = await inTenant(context, tenant, async (tx) => {
          const clientKey = (await clientKeys(tx, [client])).get(client) ?? 0;
          return relinkClient(tx, { clientKey, ibId: ib, reason, ...(at && { effectiveAt: at }) });
        });
        out.result(
          { client, ib, ...moved },
          (each) => `${each.client} belongs to ${each.ib ?? 'nobody'} from ${each.effectiveAt.toISOString()} on`,
        );
      },
    );
}

function questions(ibs: Command, context: CliContext): void {
  const { out } = context;
  ibs
    .command('tree')
    .requiredOption(...TENANT_OPTION)
    .option('--as-of <instant>', 'as of when; now unless given', instant)
    .description('the whole tree as of an instant')
    .action(async ({ tenant, asOf }: InTenant & { asOf?: Date }) => {
      const all = await inTenant(context, tenant, (tx) => ibsAsOf(tx, asOf === undefined ? {} : { at: asOf }));
      const idOf = new Map(all.map((ib) => [ib.key, ib.id]));
      const shown = all.map(({ id, name, parentKey, status }) => ({
        id,
        name,
        parent: parentKey === null ? null : (idOf.get(parentKey) ?? null),
        status,
      }));
      out.result(shown, () => drawTree(all));
    });

  for (const [verb, ask, words] of [
    ['upline', uplineOf, 'above'],
    ['downline', downlineOf, 'below'],
  ] as const)
    ibs
      .command(verb)
      .argument('<ib>', 'the IB', parsedBy(IbId))
      .requiredOption(...TENANT_OPTION)
      .option('--as-of <instant>', 'as of when; now unless given', instant)
      .description(`the IB and all ${words} it, nearest first`)
      .action(async (ibId: IbId, { tenant, asOf }: InTenant & { asOf?: Date }) => {
        const found = await inTenant(context, tenant, (tx) => ask(tx, { ibId, ...(asOf && { at: asOf }) }));
        const shown = found.map(({ id, name, depth }) => ({ id, name, depth }));
        out.result(shown, (rows) =>
          tableOf([['depth', 'id', 'name'], ...rows.map((row) => [String(row.depth), row.id, row.name])]),
        );
      });
}

/** Each IB below the one above it, indented; in the order of creation. */
function drawTree(all: readonly IbAsOf[]): string {
  const below = new Map<number | null, IbAsOf[]>();
  for (const ib of all) {
    const siblings = below.get(ib.parentKey);
    if (siblings === undefined) below.set(ib.parentKey, [ib]);
    else siblings.push(ib);
  }
  const lines: string[] = [];
  const waiting = (below.get(null) ?? []).map((ib) => ({ ib, depth: 0 })).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { ib, depth } = next;
    lines.push(`${'  '.repeat(depth)}${ib.name}  ${ib.id}${ib.status === 'active' ? '' : `  (${ib.status})`}`);
    waiting.push(...(below.get(ib.key) ?? []).map((child) => ({ ib: child, depth: depth + 1 })).reverse());
  }
  return lines.length === 0 ? 'There are no introducing brokers' : lines.join('\n');
}
