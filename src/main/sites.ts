import type { CompleteConfig } from '../platform/secrets.ts';

/** Where people of a tenant, or of the installation, sign in; without TLS on this very machine only. */
export function siteOf(
  { baseHost, port, publicPort }: Pick<CompleteConfig, 'baseHost' | 'port' | 'publicPort'>,
  slug: string | undefined,
): string {
  const host = slug === undefined ? baseHost : `${slug}.${baseHost}`;
  const isHere = /^(.*\.)?localhost$/.test(baseHost);
  return new URL(`${isHere ? 'http' : 'https'}://${host}:${publicPort ?? (isHere ? port : 443)}`).origin;
}
