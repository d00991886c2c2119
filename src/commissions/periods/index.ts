import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import { cpa } from './cpa.ts';
import { netLoss } from './net-loss.ts';
import { netRevenue } from './net-revenue.ts';
import type { PeriodModel } from './types.ts';

/** The period models: what is earned by no single trade. A new one is a file beside this one and its name in this list. */
const models = [cpa, netRevenue, netLoss] as const;

export const PeriodSettings = settingsOfKinds(models);
export type PeriodSettings = z.infer<typeof PeriodSettings>;

/** The period model that settings speak of. */
export const periodModelOf = ({ kind }: PeriodSettings): PeriodModel => kindOf(models, kind);
