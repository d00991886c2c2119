import type { z } from 'zod';
import { kindOf, settingsOfKinds } from '../../kernel/kinds.ts';
import type { Filter } from '../types.ts';
import { accountGroup } from './account-group.ts';
import { channel } from './channel.ts';
import { minimumMovement } from './minimum-movement.ts';
import { minimumTimeOpen } from './minimum-time-open.ts';
import { openReason } from './open-reason.ts';
import { side } from './side.ts';
import { symbolGroup } from './symbol-group.ts';
import { symbol } from './symbol.ts';

/** The filters: which trades are paid. A new one is a file beside this one and its name in this list. */
const filters = [
  minimumTimeOpen,
  minimumMovement,
  symbol,
  symbolGroup,
  accountGroup,
  side,
  channel,
  openReason,
] as const;

export const FilterSettings = settingsOfKinds(filters);
export type FilterSettings = z.infer<typeof FilterSettings>;

/** The filter that settings speak of. */
export const filterOf = ({ kind }: FilterSettings): Filter => kindOf(filters, kind);
