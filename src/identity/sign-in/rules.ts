import { surfaceOfRole } from '../policy/types.ts';
import type { SignInSurface } from '../tokens/types.ts';

/** In the order in which a surface is taken where none is asked for. */
const inOrder: readonly SignInSurface[] = ['ops', 'admin', 'portal', 'partner'];

/** The surface of a sign-in: the one asked for if a role counts there, else the first where one does; undefined for none. */
export function surfaceFor(roles: readonly string[], asked: SignInSurface | undefined): SignInSurface | undefined {
  const mine = new Set<string>(roles.map(surfaceOfRole));
  if (asked !== undefined) return mine.has(asked) ? asked : undefined;
  return inOrder.find((surface) => mine.has(surface));
}

/** Where the pages of a surface are. */
export const pagesOf = (surface: SignInSurface): string => `/${surface}`;
