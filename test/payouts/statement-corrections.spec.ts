import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accrualsOf, entriesWithStates } from '../../src/payouts/accruals/service.ts';
import { verifyStatements } from '../../src/payouts/verify/service.ts';
import { type Desk, openDesk } from '../commissions/amending-desk.ts';
import { allStatements, issueUpTo, setDefault, sumsOf } from './statement-desk.ts';

describe('A correction', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
    await setDefault(desk.inTenant);
  });
  afterAll(() => desk.close());

  const kim = async () => {
    const [first] = (await allStatements(desk.inTenant)).filter(({ currency }) => currency === 'USD');
    return first?.party ?? { kind: 'ib' as const, key: 4 };
  };

  it('of what a statement told is an adjustment of the next; of what none told yet it is reversed', async () => {
    const at = (closedAt: string) => desk.position({ lots: '1', closedAt: new Date(closedAt) });
    const [[, stated], [, deleted], [, kept]] = [at('2026-03-10T10:00:00Z'), at('2026-03-11T10:00:00Z'), at('2026-03-11T11:00:00Z')]; // prettier-ignore
    await desk.feed([stated]);
    await desk.book();
    await issueUpTo(desk.inTenant, '2026-03-11T00:00:00Z');
    await desk.feed([deleted, kept]);
    await desk.book();
    await desk.update(stated, { VolumeExt: '25000000' }); // A quarter of a lot, and not one.
    await desk.remove(deleted);
    await desk.round();
    const party = await kim();
    const states = async () =>
      (await desk.inTenant((tx) => entriesWithStates(tx, party, { limit: 20 }))).rows.map(({ revision, state, units }) => [revision, state, units]); // prettier-ignore
    const [whole] = (await allStatements(desk.inTenant)).filter((each) => each.party.key === party.key);
    const of = whole?.earningUnits ?? 0n;
    expect(await states()).toEqual([
      [0, 'available', of],
      [1, 'reversed', -of],
      [0, 'reversed', of],
      [1, 'available', (-of * 3n) / 4n],
      [0, 'in_statement', of],
    ]);
    const [sums] = await desk.inTenant((tx) => accrualsOf(tx, party));
    expect(sums).toMatchObject({ available: of / 4n, in_statement: of, reversed: of });
    await issueUpTo(desk.inTenant, '2026-03-12T00:00:00Z');
    const [, next] = (await allStatements(desk.inTenant)).filter((each) => each.party.key === party.key);
    expect(next).toMatchObject({ earningUnits: of, adjustmentUnits: (-of * 3n) / 4n, lines: 4 });
    expect(next && sumsOf(next).opening).toBe('0.00');
    expect((await desk.inTenant(verifyStatements)).findings).toEqual([]);
  });
});
