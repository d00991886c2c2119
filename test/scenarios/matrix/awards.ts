import { award } from '../../../src/commissions/index.ts';
import { ibKeys } from '../../../src/ib/index.ts';
import { clientKeys } from '../../../src/clients/index.ts';
import { Currency } from '../../../src/kernel/currency.ts';
import { awardIdOf, ClientId, IbId } from '../../../src/kernel/ids.ts';
import type { TestApi } from '../../support/api.ts';

/** As the world keeps what is planted, with the address under which it is. */
type PlantedAward = {
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
  readonly ties: { readonly ibId: string; readonly clientId: string };
};

type Place = {
  readonly ibs: readonly { readonly id: string }[];
  readonly clients: readonly { readonly id: string }[];
  readonly own: { readonly clientId: ClientId; readonly ibId: IbId };
  readonly inTenant: (work: Parameters<TestApi['withTenant']>[2]) => Promise<unknown>;
};

/** An award of which the own IB and the own client have a part, and one of others. */
export async function plantAwards({ ibs, clients, own, inTenant }: Place): Promise<PlantedAward[]> {
  const other = {
    ibId: IbId.parse(ibs.find(({ id }) => id !== own.ibId)?.id),
    clientId: ClientId.parse(clients.find(({ id }) => id !== own.clientId)?.id),
  };
  const planted: PlantedAward[] = [];
  await inTenant(async (tx) => {
    for (const ties of [own, other]) {
      const ibKey = (await ibKeys(tx, [ties.ibId])).get(ties.ibId) ?? 0;
      const clientKey = (await clientKeys(tx, [ties.clientId])).get(ties.clientId) ?? 0;
      const [made] = await award(tx, [
        {
          kind: 'dispute',
          planVersionKey: null,
          component: 0,
          clientKey,
          ibKey,
          currency: Currency.parse('USD'),
          earnedAt: new Date('2026-03-10T10:00:00Z'),
          units: 3_000_000n,
          inputs: { why: 'For the matrix' },
          parts: [
            { kind: 'ib', beneficiary: ibKey, depth: 0, units: 2_000_000n },
            { kind: 'client', beneficiary: clientKey, depth: 0, units: 1_000_000n },
          ],
        },
      ]);
      if (made === undefined) throw new Error('nothing was awarded');
      planted.push({
        key: '/api/v1/awards/{awardId}',
        params: { awardId: awardIdOf(made.key) },
        ties: { ibId: ties.ibId, clientId: ties.clientId },
      });
    }
  });
  return planted;
}
