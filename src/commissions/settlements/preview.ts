import { clientIdsOf } from '../../clients/index.ts';
import { ibIdsOf } from '../../ib/index.ts';
import { formatAmount } from '../../kernel/money.ts';
import { csvLine } from '../../platform/csv.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { NewAward } from '../awards/types.ts';
import type { Looked } from './types.ts';

/** The file of a preview: what each IB, client and the house would get of each award. */
export const PREVIEW_FILE = 'awards.csv';

/** What would be awarded, a line for each part, and how many awards that is. */
export async function previewLines(
  tx: TenantTx,
  looked: Looked,
): Promise<{ readonly awards: number; readonly text: string }> {
  const awards: NewAward[] = [...looked.results.flatMap(({ award }) => award ?? []), ...looked.awards];
  const clients = await clientIdsOf(
    tx,
    awards.flatMap(({ clientKey }) => clientKey ?? []),
  );
  const ibs = await ibIdsOf(
    tx,
    awards.flatMap(({ parts }) => parts.filter(({ kind }) => kind === 'ib').map(({ beneficiary }) => beneficiary)),
  );
  const lines = awards.flatMap(({ kind, clientKey, earnedAt, currency, units, parts, inputs }) => {
    const client = clients.get(clientKey ?? 0) ?? '';
    const shared = parts.reduce((sum, part) => sum + part.units, 0n);
    const line = (who: string, beneficiary: string, amount: bigint): string =>
      csvLine([
        kind,
        String(inputs.component),
        client,
        earnedAt.toISOString(),
        who,
        beneficiary,
        formatAmount({ units: amount, currency }),
        currency,
      ]);
    return [
      ...parts.map((part) =>
        line(
          part.kind,
          (part.kind === 'ib' ? ibs.get(part.beneficiary) : clients.get(part.beneficiary)) ?? '',
          part.units,
        ),
      ),
      ...(units === shared ? [] : [line('house', '', units - shared)]),
    ];
  });
  return { awards: awards.length, text: lines.join('') };
}
