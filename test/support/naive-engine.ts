export * from '../../src/commissions/naive/engine.ts';
