import type { Command } from 'commander';
import { ecbQuotations, importRates } from '../../trading/index.ts';
import type { CliContext } from './context.ts';
import { textOfFile } from './files.ts';
import { inTenant, TENANT_OPTION } from './scope.ts';

/** `cascade rates import`. */
export function registerRates(program: Command, context: CliContext): void {
  const { out } = context;
  const rates = program.command('rates').description('rates between currencies, as they were published');

  rates
    .command('import')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--file <path>', 'reference rates of the ECB (eurofxref-hist.csv)')
    .description('stores the rates of a file; those that are stored already change nothing')
    .action(async ({ tenant, file }: { readonly tenant: string; readonly file: string }) => {
      const quotations = ecbQuotations(await textOfFile(file));
      const imported = await inTenant(context, tenant, (tx) => importRates(tx, quotations));
      out.result(
        imported,
        ({ added, known, different }) =>
          `${added} rates added, ${known} known already, ${different} known with another figure, which stays`,
      );
    });
}
