import type { Command } from 'commander';
import { z } from 'zod';
import { clientKeys, createClients, listClients, openAccounts } from '../../clients/index.ts';
import { ibKeys, linkClients } from '../../ib/index.ts';
import { Currency } from '../../kernel/currency.ts';
import { ClientId, IbId } from '../../kernel/ids.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { tableOf } from './out.ts';
import { inTenant, instant, parsedBy, TENANT_OPTION } from './scope.ts';

const login = parsedBy(
  z
    .string()
    .regex(/^[1-9]\d{0,17}$/, 'It takes the number of an account on the trade server.')
    .transform(BigInt),
);
const PAGE = 1_000;
const pageNumber = parsedBy(
  z
    .string()
    .regex(/^[1-9]\d{0,6}$/, 'It takes the number of a page, from 1.')
    .transform(Number),
);

type Creation = { readonly tenant: string; readonly ib?: IbId; readonly from?: Date };
type Opening = {
  readonly tenant: string;
  readonly server: string;
  readonly login: bigint;
  readonly group: string;
  readonly currency: Currency;
};

/** `cascade clients create | list | open-account`. */
export function registerClients(program: Command, context: CliContext): void {
  const { out } = context;
  const clients = program.command('clients').description('clients of a tenant and their trading accounts');

  clients
    .command('create')
    .argument('<name>', 'the name of the client')
    .requiredOption(...TENANT_OPTION)
    .option('--ib <id>', 'the IB that brought the client', parsedBy(IbId))
    .option('--from <instant>', 'since when the client belongs to the IB; now unless given', instant)
    .description('adds a client')
    .action(async (name: string, { tenant, ib, from }: Creation) => {
      const client = await inTenant(context, tenant, async (tx) => {
        const [made] = await createClients(tx, [{ name }]);
        if (made === undefined || ib === undefined) return made;
        const ibKey = (await ibKeys(tx, [ib])).get(ib);
        if (ibKey === undefined) throw cliProblem('cli.ib_unknown', { detail: ib });
        await linkClients(tx, [{ clientKey: made.key, ibKey, ...(from && { validFrom: from }) }]);
        return made;
      });
      out.result({ id: client?.id, name, ib: ib ?? null }, (each) => `${each.name} is ${each.id}`);
    });

  clients
    .command('list')
    .requiredOption(...TENANT_OPTION)
    .option('--page <n>', `which ${PAGE} of them`, pageNumber, 1)
    .description('clients with the logins of their accounts')
    .action(async ({ tenant, page }: { tenant: string; page: number }) => {
      const rows = await inTenant(context, tenant, (tx) => listClients(tx, { offset: (page - 1) * PAGE, limit: PAGE }));
      out.result(rows, (all) =>
        tableOf([['client', 'name', 'logins'], ...all.map((row) => [row.id, row.name, row.logins.join(' ')])]),
      );
    });

  clients
    .command('open-account')
    .argument('<client>', 'the client', parsedBy(ClientId))
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--server <name>', 'the trade server')
    .requiredOption('--login <number>', 'the account on it', login)
    .requiredOption('--group <name>', 'its group there, such as real\\standard')
    .requiredOption('--currency <code>', 'its deposit currency', parsedBy(Currency))
    .description('registers a trading account; deals of it that were parked go on by themselves')
    .action(async (client: ClientId, opening: Opening) => {
      const { tenant, ...account } = opening;
      const [opened] = await inTenant(context, tenant, async (tx) => {
        const clientKey = (await clientKeys(tx, [client])).get(client) ?? 0;
        return openAccounts(tx, [{ ...account, clientKey }]);
      });
      out.result({ id: opened?.id, client, login: account.login }, (each) => `login ${each.login} is ${each.id}`);
    });
}
