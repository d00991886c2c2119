import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import type { Model } from '../types.ts';
import { commissionShare } from './commission-share.ts';
import { perLot } from './per-lot.ts';
import { perMillion } from './per-million.ts';
import { pips } from './pips.ts';
import { points } from './points.ts';
import { profitShare } from './profit-share.ts';
import { spreadAndCommission } from './spread-and-commission.ts';
import { spreadShare } from './spread-share.ts';

/** The base models: what a trade earns in all. A new one is a file beside this one and its name in this list. */
const models = [
  perLot,
  perMillion,
  pips,
  points,
  spreadShare,
  commissionShare,
  spreadAndCommission,
  profitShare,
] as const;

export const ModelSettings = settingsOfKinds(models);
export type ModelSettings = z.infer<typeof ModelSettings>;

/** The model that settings speak of. */
export const modelOf = ({ kind }: ModelSettings): Model => kindOf(models, kind);
