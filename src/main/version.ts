import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version of the program, as the start page and the description say it: the package's own. */
export const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
