import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import type { Origin, TenantTx } from '../../platform/tenant-tx.ts';
import type { Tenant } from '../../tenancy/index.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';

/** The option of every command that works inside one tenant. */
export const TENANT_OPTION = ['--tenant <slug>', 'the tenant, by its name in addresses'] as const;

/** Who a change by the command line is recorded as; the system's own user says which operator it was. */
export const actor = (): string => `operator/${process.env['USER'] ?? process.env['LOGNAME'] ?? 'unknown'}`;

/** Who acts, for `withControl` and `withTenant`. */
export const byCommand = (): Origin => ({ actor: actor(), causation: 'cli' });

/** The tenant of a name, or a problem that names it. */
export async function tenantNamed({ openTenancy }: CliContext, slug: string): Promise<Tenant> {
  const tenant = (await (await openTenancy()).tenants()).find((each) => each.slug === slug);
  if (tenant === undefined) throw cliProblem('cli.tenant_unknown', { detail: slug });
  return tenant;
}

/** Runs work in one transaction of a named tenant. */
export async function inTenant<T>(context: CliContext, slug: string, work: (tx: TenantTx) => Promise<T>): Promise<T> {
  const tenant = await tenantNamed(context, slug);
  const tenancy = await context.openTenancy();
  return tenancy.withTenant(tenant.id, byCommand(), work);
}

/** Reads an argument by a schema, for commander: what is wrong is said in the schema's words. */
export const parsedBy =
  <Schema extends z.ZodType>(schema: Schema) =>
  (text: string): z.infer<Schema> => {
    const result = schema.safeParse(text);
    if (!result.success) throw new InvalidArgumentError(result.error.issues[0]?.message ?? 'It is not usable.');
    return result.data;
  };

/** Reads an instant as ISO 8601 with its zone, such as `2026-01-31T12:00:00Z`. */
export function instant(text: string): Date {
  const at = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It takes an instant with its zone, such as 2026-01-31T12:00:00Z.');
  return at;
}

/** Reads a JSON file by a schema; `cli.file_invalid` says which file, and what is wrong where. */
export async function jsonFile<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw cliProblem('cli.file_invalid', {
      cause: error,
      detail: `${file}: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw cliProblem('cli.file_invalid', { detail: `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` });
}
