// What is wrong between the routes and the table of rights of a project, a line each: node test/house/rights.ts <its folder>
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const Right = z.object({ action: z.string(), resource: z.string() });
const Words = z.enum(['public', 'signed', 'signed_in', 'operator_token']);
const Operation = z.object({ id: z.string(), on: z.enum(['tenant', 'bare', 'both']), need: z.unknown().optional() });
const Operations = z.object({ allOperations: z.function({ input: [], output: z.array(Operation) }) });
const Kinds = z.object({ approvalKinds: z.array(z.object({ kind: z.string(), right: Right })) });
const Row = z.object({ role: z.string(), resource: z.string(), actions: z.array(z.string()) });
const Table = z.object({ policyTable: z.array(Row) });

type Use = { readonly by: string; readonly on: 'tenant' | 'bare' | 'both'; readonly right: z.infer<typeof Right> };

const textOf = ({ action, resource }: z.infer<typeof Right>): string => `${resource}:${action}`;

/** A row helps on a host only if somebody with its role can sign in there. */
const counts = (row: z.infer<typeof Row>, { on, right }: Use): boolean =>
  row.resource === right.resource &&
  row.actions.includes(right.action) &&
  (on === 'both' || (row.role === 'operator') === (on === 'bare'));

async function findingsOf(root: string): Promise<string[]> {
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(root, path)).href);
  const operations = Operations.parse(await load('src/main/api-routes.ts')).allOperations();
  const { approvalKinds } = Kinds.parse(await load('src/main/approval-kinds.ts'));
  const { policyTable } = Table.parse(await load('src/identity/policy/table.ts'));
  const needless = operations.filter(({ need }) => !Words.or(Right).safeParse(need).success);
  const uses: Use[] = [
    ...operations.flatMap(({ id, on, need }) => {
      const right = Right.safeParse(need).data;
      return right === undefined ? [] : [{ by: id, on, right }];
    }),
    ...approvalKinds.map(({ kind, right }) => ({ by: kind, on: 'tenant' as const, right })),
  ];
  const dead = policyTable.flatMap((row) =>
    row.actions
      .filter((action) => !uses.some((use) => counts(row, use) && use.right.action === action))
      .map(
        (action) =>
          `dead row: ${row.role} ${textOf({ action, resource: row.resource })} is asked by no route of its host`,
      ),
  );
  return [
    ...needless.map(({ id }) => `no need: ${id} does not say who may call it`),
    ...uses
      .filter((use) => !policyTable.some((row) => counts(row, use)))
      .map(({ by, right }) => `no row: ${by} needs ${textOf(right)}, which the table gives nobody who can call it`),
    ...dead,
  ];
}

const [root = join(import.meta.dirname, '../..')] = process.argv.slice(2);
const findings = await findingsOf(root);
for (const line of findings) console.log(line);
process.exitCode = findings.length === 0 ? 0 : 1;
