import { runBooking } from './arms/product.ts';
import type { BenchTrade } from './deals.ts';
import type { Brokerage, Installation } from './installation.ts';
import { type Meter, meterOf, type Run } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { mustAgree, mustBalance, storedSums } from './verify.ts';

/** The fixed seed of trees and deals. */
export const SEED = 20_261_120;

/** Tells people how far it is. */
export type Say = (words: string) => void;

/** What every step of the benchmark needs. */
export type World = {
  readonly installation: Installation;
  readonly meter: Meter;
  readonly options: BenchOptions;
  readonly say: Say;
};

/** The same items in an order that starts elsewhere each time. */
export const rotated = <Item>(items: readonly Item[], by: number): Item[] =>
  items.map((_item, place) => items[(place + by) % items.length] as Item);

/** Books some trades, so that tables and indexes are not empty and everything is warm. */
export async function prefill(installation: Installation, brokerage: Brokerage, count: number): Promise<Run> {
  const [backend = 'postgres'] = installation.works.keys();
  const meter = meterOf(installation.postgres, installation.redis);
  return runBooking(installation, { backend, brokerage, meter }, await installation.nextTrades(brokerage, count));
}

/** Brings the planner's statistics up to date. */
export const analyse = async ({ postgres }: Installation, { database }: Brokerage): Promise<void> => {
  await postgres.admin(database).query('vacuum (analyze)');
};

/** Holds what an arm left to the reference, and its books to themselves. */
export async function check(
  { installation }: World,
  arm: string,
  brokerage: Brokerage,
  trades: readonly BenchTrade[],
): Promise<void> {
  mustAgree(arm, brokerage.seed, trades, await storedSums(installation, brokerage, trades));
  await mustBalance(arm, installation, brokerage);
}
