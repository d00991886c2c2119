import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedAnswer } from '../../src/trading/index.ts';
import { createSource } from '../../src/trading/index.ts';
import { add, closing, type Desk, heartbeat, line, openDesk, opening, SERVER } from './desk.ts';

/** What a source may send: each with a seq of its own, each deal's additions all alike. */
function linesOf(base: number): string[] {
  const lines: string[] = [];
  const next = () => lines.length + 1;
  for (let place = 0; place < 8; place += 1) {
    const ticket = base + place;
    const deal = place % 3 === 0 ? opening(ticket) : closing(ticket, place % 4 === 0 ? { Symbol: 'NOBODY' } : {});
    lines.push(add(deal, next()));
    if (place === 2)
      lines.push(
        line('deal.update', { ...deal, Profit: '1' }, next()),
        line('deal.update', { ...deal, Profit: '2' }, next()),
      );
    if (place === 5) lines.push(line('deal.delete', { Deal: deal.Deal }, next()));
    if (place === 6) lines.push(heartbeat(next()), `{"seq":${next() + 1},"type":"nothing"}`);
  }
  return lines;
}

/** Where a source stands, told the slow way. */
function standing(seqs: ReadonlySet<number>): Pick<FeedAnswer, 'cursor' | 'highest' | 'missing'> {
  const highest = Math.max(0, ...seqs);
  let cursor = 0;
  while (seqs.has(cursor + 1)) cursor += 1;
  const missing: [number, number][] = [];
  for (let seq = 1; seq <= highest; seq += 1) {
    if (seqs.has(seq)) continue;
    const last = missing.at(-1);
    if (last?.[1] === seq - 1) last[1] = seq;
    else missing.push([seq, seq]);
  }
  return { cursor, highest, missing };
}

const seqOf = (text: string): number => (JSON.parse(text) as { seq: number }).seq;

describe('Whatever way lines are cut into batches, shuffled and repeated, the same is stored', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk();
  });
  afterAll(() => desk.close());
  let bases = 7_000; // Tickets are found again in what is stored: they must look like nothing else in it.
  let sources = 0;

  /** A source of its own for each try: its seqs begin anew. */
  async function fresh() {
    sources += 1;
    const source = await desk.inTenant((tx) =>
      createSource(tx, desk.keeping, { server: SERVER, name: `bridge ${sources}` }),
    );
    return { sourceId: source.id, secret: source.secret };
  }

  /** What is stored of the deals from a base on, told so that the order of updates does not count. */
  async function storedFrom(base: number) {
    const rows = (await desk.dealsStored()).filter(({ ticket }) => ticket >= BigInt(base));
    const told = rows.map(({ ticket, version, kind, handling, code, raw }) =>
      JSON.stringify([
        Number(ticket) - base,
        kind === 'add' ? version : 'later',
        kind,
        handling,
        code,
        raw.replaceAll(String(ticket), 'T'),
      ]),
    );
    expect(rows.every(({ version, kind }) => (version === 0) === (kind === 'add'))).toBe(true);
    return told.sort();
  }

  it('keeps the same deals, and knows the same gaps as a naive count at every step', async () => {
    const plainBase = (bases += 1) * 1_000;
    await desk.send(linesOf(plainBase), await fresh());
    const expected = await storedFrom(plainBase);
    const order = fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        order,
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 30, maxLength: 30 }),
        async (drawn, sizes) => {
          const base = (bases += 1) * 1_000;
          const source = await fresh();
          const lines = linesOf(base);
          // Each line at a place that was drawn, some of them twice.
          const sent = drawn
            .map(([place, twice], index) => ({
              place,
              lines: [lines[index % lines.length] ?? '', ...(twice ? [lines[index % lines.length] ?? ''] : [])],
            }))
            .sort((left, right) => left.place - right.place)
            .flatMap((each) => each.lines);
          const seen = new Set<number>();
          for (let from = 0, step = 0; from < sent.length; step += 1) {
            const size = sizes[step % sizes.length] ?? 1;
            const batch = sent.slice(from, from + size);
            for (const text of batch) seen.add(seqOf(text));
            expect(await desk.send(batch, source)).toMatchObject(standing(seen));
            from += size;
          }
          expect(await storedFrom(base)).toEqual(expected);
        },
      ),
      { numRuns: 12, seed: 20_261_120 },
    );
  });

  it('stores each deal once when two sources of a server bring the same at once, and batches of one source come together', async () => {
    const base = (bases += 1) * 1_000;
    const [left, right] = [await fresh(), await fresh()];
    const lines = Array.from({ length: 200 }, (_none, index) => add(closing(base + index), index + 1));
    const batches = Array.from({ length: 10 }, (_none, index) => lines.slice(index * 20, index * 20 + 20));
    const answers = await Promise.all([
      ...batches.map((batch) => desk.send(batch, left)),
      ...batches.toReversed().map((batch) => desk.send(batch.toReversed(), right)),
    ]);
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(200);
    expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(200);
    expect(await storedFrom(base)).toHaveLength(200);
    for (const source of [left, right])
      expect(await desk.send([heartbeat()], source)).toMatchObject({ cursor: 200, highest: 200, missing: [] });
  });

  it('takes one batch sent twice at once as one', async () => {
    const base = (bases += 1) * 1_000;
    const source = await fresh();
    const sending = { ...source, batch: 'same' };
    const answers = await Promise.all(Array.from({ length: 6 }, () => desk.send([add(closing(base), 1)], sending)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(await storedFrom(base)).toHaveLength(1);
  });
});
