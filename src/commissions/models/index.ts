import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import type { Model } from '../types.ts';
import { perLot } from './per-lot.ts';

/** The base models: what a trade earns in all. A new one is a file beside this one and its name in this list. */
const models = [perLot] as const;

export const ModelSettings = settingsOfKinds(models);
export type ModelSettings = z.infer<typeof ModelSettings>;

/** The model that settings speak of. */
export const modelOf = ({ kind }: ModelSettings): Model => kindOf(models, kind);
