import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import type { LevelMode } from '../types.ts';
import { additiveOverride } from './additive-override.ts';
import { differential } from './differential.ts';
import { fixedByLevel } from './fixed-by-level.ts';
import { pool } from './pool.ts';
import { rankSlots } from './rank-slots.ts';
import { shareUp } from './share-up.ts';

/** The level modes: how an earning is shared up the tree. A new one is a file beside this one and its name in this list. */
const modes = [differential, fixedByLevel, shareUp, rankSlots, additiveOverride, pool] as const;

export const LevelSettings = settingsOfKinds(modes);
export type LevelSettings = z.infer<typeof LevelSettings>;

/** The level mode that settings speak of. */
export const levelModeOf = ({ kind }: LevelSettings): LevelMode => kindOf(modes, kind);
