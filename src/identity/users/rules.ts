/**
 * What makes two spellings one address: letters' case and compatibility forms (NFKC), spaces around. Dots and what stands
 * behind a plus are left alone: they mean something to some hosts (RFC 5321, 2.3.11, leaves the local part to its host).
 */
export const emailKeyOf = (email: string): string => email.trim().normalize('NFKC').toLowerCase();
