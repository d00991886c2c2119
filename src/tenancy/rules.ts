/** Postgres cuts identifiers at 63 bytes; installation (12) + slug (40) + the longest suffix stay below. */
const SLUG = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;
const RESERVED = new Set(['control', 'queue', 'template', 'ops', 'www', 'api', 'admin', 'localhost']);

/** Whether a name is one that the installation keeps for itself. */
export const isReserved = (text: string): boolean => RESERVED.has(text);

/** Whether a text can name a tenant: 2 to 40 small letters, digits and hyphens, first a letter, last no hyphen. */
export const isSlug = (text: string): boolean => SLUG.test(text) && !text.includes('--') && !isReserved(text);

/** The names of a tenant's database and of its two roles within an installation. */
export function namesOf(installation: string, slug: string): { database: string; appRole: string; ownerRole: string } {
  const database = `${installation}_${slug.replaceAll('-', '_')}`;
  return { database, appRole: `${database}_app`, ownerRole: `${database}_owner` };
}

/** The host name of a request without its port, in small letters; a trailing dot means the same name. */
export function hostNameOf(hostHeader: string): string {
  const withoutPort = hostHeader.startsWith('[') ? hostHeader.replace(/\]:\d+$/, ']') : hostHeader.replace(/:\d+$/, '');
  return withoutPort.toLowerCase().replace(/\.$/, '');
}

/** Whether a text can be a host name at all (RFC 1123): nothing else is worth a question to the registry. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$/.test(text);

/** The name of the control database and of the role that applications enter it with. */
export const controlNamesOf = (installation: string): { database: string; appRole: string } => ({
  database: `${installation}_control`,
  appRole: `${installation}_control_app`,
});
