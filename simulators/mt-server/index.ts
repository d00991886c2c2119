export { Bridge, type BridgeOptions } from './bridge.ts';
export { DealGenerator, type GeneratorOptions } from './generator.ts';
export { SIMULATED_SYMBOLS } from './market.ts';
export { poisoned } from './poison.ts';
export { type Random, randomOf } from './random.ts';
