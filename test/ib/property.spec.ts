import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../src/clients/index.ts';
import { verifyTree } from '../../src/ib/index.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { Story } from './story.ts';

const CLIENTS = 3;

/** When something takes effect: now, or at one of a few instants ahead, so that several fall on the same one. */
const when = fc.option(fc.nat({ max: 4 }), { nil: null, freq: 3 });
const place = fc.nat({ max: 30 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      parent: fc.option(place, { nil: null, freq: 5 }),
      when,
      past: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      ib: place,
      parent: fc.option(place, { nil: null, freq: 5 }),
      when,
      past: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      client: fc.nat({ max: CLIENTS - 1 }),
      ib: fc.option(place, { nil: null, freq: 5 }),
      when,
      past: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      ib: place,
      status: fc.constantFrom('active' as const, 'suspended' as const, 'terminated' as const),
    }),
  },
);

describe('The tree answers as a plain list of edges would', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  it('for random creations, moves, links and statuses, now, ahead and in the past, at random instants, as known at random instants', async () => {
    const question = fc.record({
      ib: place,
      at: fc.nat(),
      known: fc.nat(),
      shift: fc.constantFrom(-1, 0, 0, 1, 1_234_567),
    });
    const story = fc.record({
      steps: fc.array(step, { minLength: 15, maxLength: 40 }),
      questions: fc.array(question, { minLength: 15, maxLength: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(story, async ({ steps, questions }) => {
        await acme.inTenant(async (tx) => {
          const clients = await createClients(
            tx,
            Array.from({ length: CLIENTS }, () => ({ name: 'A client' })),
          );
          const told = new Story(
            tx,
            clients.map((client) => client.key),
            Date.now(),
          );
          await told.create(null, undefined);
          for (const each of steps) await told.tell(each);
          const { valid, recorded } = told.tree.instants();
          for (const { ib, at, known, shift } of questions)
            await told.ask(
              ib,
              (valid[at % valid.length] ?? 0) + shift,
              (recorded[known % recorded.length] ?? 0) + Math.min(shift, 1),
            );
          expect(await verifyTree(tx)).toEqual([]);
        });
      }),
      { numRuns: 15, plugins: [fc.interruptAfterTimeLimit(60_000)] },
    );
  }, 90_000);
});
