import { z } from 'zod';
import { NameText, PercentText } from '../contract.ts';
import { LevelSettings } from '../levels/index.ts';
import { PeriodSettings } from './index.ts';
import type { CompiledPeriod } from './types.ts';

/** One way in which a plan pays by the period or by the client: a model, and who shares what it gives. */
export const PeriodComponent = z.strictObject({
  name: NameText,
  model: PeriodSettings,
  /** Agreed rates are percentages of what is earned; amounts per lot are refused. */
  levels: LevelSettings,
  /** Of what the model gives, so much counts: half a CPA in a hybrid plan. */
  part: PercentText.default('100'),
  /** The share of the direct IB's own part that goes back to the client. */
  traderRebate: PercentText.default('0'),
});
export type PeriodComponent = z.infer<typeof PeriodComponent>;

/** The same with everything parsed. */
export type PaidByPeriod = CompiledPeriod<PeriodSettings['kind']>;
