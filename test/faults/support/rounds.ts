import { appendFileSync } from 'node:fs';
import { it } from 'vitest';
import { randomOf, type Random } from '../../../simulators/mt-server/index.ts';

/** `npm run faults` runs all rounds of a case, `npm test` a few. */
export const runsAll = process.env.FAULT_ROUNDS === 'all';
const SEED = Number(process.env.FAULT_SEED ?? 20_260_310);
const FAILURES_MAX = 3;

/** One round of a case, with random numbers of its own that come again with the seed. */
export type Round = { readonly number: number; readonly isLast: boolean; readonly random: Random };

/** What a round came to: how long the product needed to recover. */
export type Recovery = { readonly recoveryMs: number };

export type CaseCounts = { readonly few: number; readonly all: number; readonly roundMsMax: number };

/** A case as a test: so many rounds, each with its seed, each reported. A breach names the round and the seed. */
export function rounds(
  name: string,
  sentence: string,
  counts: CaseCounts,
  run: (round: Round) => Promise<Recovery>,
): void {
  const count = runsAll ? counts.all : counts.few;
  const seeds = Array.from({ length: count }, (_none, number) => SEED + number);
  it(`${name}: ${sentence} (${count} rounds, seed ${SEED})`, { timeout: count * counts.roundMsMax }, async () => {
    const failures: Error[] = [];
    let worstMs = 0;
    let ok = 0;
    for (const [number, seed] of seeds.entries()) {
      try {
        const { recoveryMs } = await run({ number, isLast: number === count - 1, random: randomOf(seed) });
        worstMs = Math.max(worstMs, recoveryMs);
        ok += 1;
      } catch (error) {
        failures.push(
          new Error(`round ${number}, seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          }),
        );
        if (failures.length >= FAILURES_MAX) break;
      }
    }
    report({ name, sentence, rounds: count, ok, worstMs: Math.round(worstMs) });
    const [first, ...others] = failures;
    if (others.length > 0) throw new AggregateError(failures, failures.map((failure) => failure.message).join('\n'));
    if (first !== undefined) throw first;
  });
}

/** A line of the table that `npm run faults` prints. */
export type CaseReport = { name: string; sentence: string; rounds: number; ok: number; worstMs: number };

function report(line: CaseReport): void {
  const file = process.env.FAULT_REPORT_FILE;
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(line)}\n`);
}
