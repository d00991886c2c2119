import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import type { Filter } from '../types.ts';
import { minimumTimeOpen } from './minimum-time-open.ts';

/** The filters: which trades are paid. A new one is a file beside this one and its name in this list. */
const filters = [minimumTimeOpen] as const;

export const FilterSettings = settingsOfKinds(filters);
export type FilterSettings = z.infer<typeof FilterSettings>;

/** The filter that settings speak of. */
export const filterOf = ({ kind }: FilterSettings): Filter => kindOf(filters, kind);
