import type { Command } from 'commander';
import { GivenCost, recordGiven } from '../../commissions/index.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { textOfFile } from './files.ts';
import { inTenant, TENANT_OPTION } from './scope.ts';

/** `cascade costs import`. */
export function registerCosts(program: Command, context: CliContext): void {
  const { out } = context;
  const costs = program
    .command('costs')
    .description('what clients cost: fees of payment providers, chargebacks; they count in net revenue');

  costs
    .command('import')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--file <path>', 'one JSON object per line, with the fields of POST /api/v1/client-costs')
    .description('records the costs of a file, all or none; those that are recorded already change nothing')
    .action(async ({ tenant, file }: { readonly tenant: string; readonly file: string }) => {
      const given = costsIn(file, await textOfFile(file));
      const recorded = await inTenant(context, tenant, (tx) => recordGiven(tx, given));
      out.result(recorded, (sum) => `${sum.recorded} costs recorded, ${sum.known} known already`);
    });
}

/** The costs that the lines of a file give; empty lines are passed over. */
function costsIn(file: string, text: string): GivenCost[] {
  return text.split(/\r?\n/).flatMap((line, place) => {
    if (line.trim() === '') return [];
    const read = GivenCost.safeParse(jsonOf(line));
    if (read.success) return [read.data];
    const [issue] = read.error.issues;
    throw cliProblem('cli.file_invalid', {
      detail: `${file}, line ${place + 1}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is no cost'}`,
    });
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // The schema says then what is wrong with the line.
  }
}
