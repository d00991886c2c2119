import { runBooking, runEndToEnd } from './arms/product.ts';
import type { Backend, Brokerage } from './installation.ts';
import type { Run } from './measure.ts';
import { analyse, check, prefill, rotated, SEED, type World } from './steps.ts';
import { benchBrokerage } from './world.ts';

/** The cost of a trade with so many IBs. */
export type SizeRuns = { readonly ibs: number; readonly booking: Run[]; readonly endToEnd: Run[] };

/** The booking alone by the number of batches that are booked at once. */
export type ConnectionRuns = { readonly connections: number; readonly booking: Run[] };

/** Books with 1, 2 and 4 batches at once: two alone would hide that they wait for each other. */
export async function compareConnections(
  { installation, meter, options }: World,
  brokerage: Brokerage,
  { backend, trades: count }: { backend: Backend; trades: number },
): Promise<ConnectionRuns[]> {
  const all: ConnectionRuns[] = [1, 2, 4].map((connections) => ({ connections, booking: [] }));
  for (let repeat = 0; repeat < options.repeats; repeat += 1)
    for (const { connections, booking } of rotated(all, repeat)) {
      const trades = await installation.nextTrades(brokerage, count);
      booking.push(await runBooking(installation, { backend, brokerage, meter, concurrency: connections }, trades));
    }
  return all;
}

/** The same trades on trees of different sizes: one brokerage for each, all repeats interleaved. */
export async function compareSizes(
  world: World,
  { backend, trades: count }: { backend: Backend; trades: number },
): Promise<SizeRuns[]> {
  const { installation, meter, options, say } = world;
  const all: (SizeRuns & { readonly brokerage: Brokerage })[] = [];
  for (const ibs of options.sizes) {
    say(`cost of a trade with ${ibs} IBs`);
    const brokerage = await installation.createBrokerage(`size-${ibs}`, benchBrokerage(ibs, SEED), SEED);
    await prefill(installation, brokerage, options.prefillTrades);
    await analyse(installation, brokerage);
    all.push({ ibs, booking: [], endToEnd: [], brokerage });
  }
  for (let repeat = 0; repeat < options.repeats; repeat += 1)
    for (const { ibs, brokerage, booking, endToEnd } of rotated(all, repeat)) {
      const first = await installation.nextTrades(brokerage, count);
      booking.push(await runBooking(installation, { backend, brokerage, meter }, first));
      await check(world, `booking with ${ibs} IBs`, brokerage, first);
      const second = await installation.nextTrades(brokerage, count);
      endToEnd.push(await runEndToEnd(installation, { backend, brokerage, meter }, second));
      await check(world, `end to end with ${ibs} IBs`, brokerage, second);
    }
  return all.map(({ ibs, booking, endToEnd }) => ({ ibs, booking, endToEnd }));
}
