import { expect } from 'vitest';
import { z } from 'zod';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';

/** A node of a plan, with the parts that tests look at. */
export type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
};
const PlanNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Index Name': z.string().optional(),
    'Relation Name': z.string().optional(),
    Plans: z.array(PlanNode).optional(),
  }),
) as z.ZodType<PlanNode>;
const explained = z.array(z.object({ 'QUERY PLAN': z.array(z.object({ Plan: PlanNode })).length(1) })).length(1);

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

const statement = z.object({ sql: z.string(), options: z.object({ values: z.array(z.unknown()) }) });

/**
 * Runs the product's own statement and gives the nodes of the plan by which the database carries it out; `last` where it
 * asks something small before.
 */
export async function planOf(
  tx: TenantTx,
  run: () => Promise<unknown>,
  { last = false }: { readonly last?: boolean } = {},
): Promise<PlanNode[]> {
  const sent: z.infer<typeof statement>[] = [];
  const listener = (query: unknown): void => void sent.push(statement.parse(query));
  tx.sql.on('query', listener);
  await run();
  tx.sql.removeListener('query', listener);
  if (!last) expect(sent).toHaveLength(1);
  const plans: PlanNode[] = [];
  for (const { sql, options } of sent.slice(-1)) {
    const found = await tx.sql.raw<{ rows: unknown }>(`explain (format json) ${sql}`).options(options);
    for (const row of explained.parse(found.rows))
      for (const each of row['QUERY PLAN']) plans.push(...nodesOf(each.Plan));
  }
  return plans;
}

/** The tables that a plan reads as a whole. */
export const sequentialReads = (nodes: readonly PlanNode[]): (string | undefined)[] =>
  nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']);

/** The indexes by which a plan reads a table. */
export const indexesOf = (nodes: readonly PlanNode[], table: string): (string | undefined)[] => {
  const isOf = (node: PlanNode) => node['Relation Name'] === table || node['Index Name']?.startsWith(`${table}_`);
  return [
    ...new Set(nodes.filter(isOf).flatMap((node) => (node['Index Name'] === undefined ? [] : [node['Index Name']]))),
  ];
};
