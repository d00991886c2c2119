import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dealIdOf, DealId, IbId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const lists = query(
  'test.lists',
  z.object({
    texts: z.array(z.string().nullable()),
    numbers: z.array(z.bigint()),
    instants: z.array(z.date()),
    flags: z.array(z.boolean()),
  }),
  `select :texts::text[] as texts, :numbers::bigint[] as numbers, :instants::timestamptz[] as instants, :flags::boolean[] as flags`,
);
const ids = query(
  'test.ids',
  z.object({ ib: IbId, deal: DealId, ibs: z.array(IbId), stored: z.string() }),
  `
  select :ibId::uuid as ib, :dealId::bigint as deal, :ids::uuid[] as ibs, (:ibId::uuid)::text as stored`,
);
const said = query(
  'test.said',
  z.object({ text: z.string(), question: z.boolean() }),
  `
  select current_query() as text, jsonb_build_object('a', 1) ? 'a' as question, :unused::text as unused`,
);

describe('A named statement', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  it('gives every list back as it was given', async () => {
    const text = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0')),
      fc.constantFrom('', 'NULL', '{', '"', '\\', ',', "'", '{"a",b}'),
    );
    const instant = fc.date({ min: new Date('1900-01-01'), max: new Date('2900-01-01'), noInvalidDate: true });
    const given = fc.record({
      texts: fc.array(text),
      numbers: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      instants: fc.array(instant),
      flags: fc.array(fc.boolean()),
    });
    await fc.assert(
      fc.asyncProperty(given, async (values) => {
        expect(await acme.inTenant((tx) => lists(tx, values))).toEqual([values]);
      }),
      { numRuns: 100 },
    );
  });

  it('takes ids in their own form and gives them in it; columns hold uuids and keys', async () => {
    const ib = IbId.parse('ibr_01M7WC0SS8EP2SQY551PXCNXTA');
    const [row] = await acme.inTenant((tx) => ids(tx, { ibId: ib, dealId: dealIdOf(12_345n), ids: [ib, ib] }));
    expect(row).toEqual({ ib, deal: dealIdOf(12_345n), ibs: [ib, ib], stored: '01a1f8c0-6728-7585-9bf8-a50dbacaf74a' });
  });

  it('leaves texts that only look like ids as they are', async () => {
    const texts = ['ibr_01M7WC0SS8EP2SQY551PXCNXTA', dealIdOf(12_345n)];
    const [row] = await acme.inTenant((tx) => lists(tx, { texts, numbers: [], instants: [], flags: [] }));
    expect(row?.texts).toEqual(texts);
  });

  it('travels with its name as a comment, and may hold question marks of its own', async () => {
    const [row] = await acme.inTenant((tx) => said(tx, { unused: null }));
    expect(row?.text.startsWith('/* test.said */')).toBe(true);
    expect(row?.question).toBe(true);
  });
});
