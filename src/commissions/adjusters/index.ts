import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import { cap } from './cap.ts';
import { clamp } from './clamp.ts';
import { creditCoefficient } from './credit-coefficient.ts';
import { hedgedVolume } from './hedged-volume.ts';
import { tier } from './tier.ts';
import type { Adjuster } from './types.ts';

/**
 * The adjusters: what stands between what a trade earns and what is shared. They work by stages, whatever order a plan lists them
 * in. A new one is a file beside this one and its name in this list.
 */
const adjusters = [hedgedVolume, clamp, creditCoefficient, tier, cap] as const;

export const AdjusterSettings = settingsOfKinds(adjusters);
export type AdjusterSettings = z.infer<typeof AdjusterSettings>;

/** The adjuster that settings speak of. */
export const adjusterOf = ({ kind }: AdjusterSettings): Adjuster => kindOf(adjusters, kind);
