export {
  Bridge,
  FeedRefused,
  FeedUnreachable,
  type BridgeLine,
  type BridgeOptions,
  type BridgeTotals,
  type FeedAnswer,
} from './bridge.ts';
export { DealGenerator, type GeneratorOptions } from './generator.ts';
export { SIMULATED_SYMBOLS, type SimulatedSymbol } from './market.ts';
export { poisoned } from './poison.ts';
export { randomOf, type Random } from './random.ts';
