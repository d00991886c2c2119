import { z } from 'zod';
import type { Passkey, Site } from './types.ts';

/** A passkey belongs to a host name, whatever the port (WebAuthn Level 3, section 4, RP ID). */
export const rpIdOf = ({ host }: Pick<Site, 'host'>): string => host.replace(/:\d+$/, '').toLowerCase();

/** The origin that a browser writes into what it signs (WebAuthn Level 3, 5.8.1). Ports of the scheme itself are left out. */
export const originOf = ({ host, isSecure }: Site): string =>
  `${isSecure ? 'https' : 'http'}://${host.toLowerCase().replace(isSecure ? /:443$/ : /:80$/, '')}`;

const ClientData = z.object({ challenge: z.string().min(1).max(200) });

/** The challenge that a browser says it answers; undefined where what it sent is no client data. Nothing is believed by this. */
export function challengeIn(clientDataJson: string): string | undefined {
  let read: unknown;
  try {
    read = JSON.parse(clientDataJson);
  } catch {
    return undefined; // Whatever is not JSON answers nothing that we asked.
  }
  return ClientData.safeParse(read).data?.challenge;
}

/** Signatures that we ask for (COSE): ES256, which every authenticator knows, Ed25519, RS256 for those of Windows. */
export const ALGORITHMS = [-7, -8, -257];

export const CHALLENGE_MINUTES = 5;
export const CHALLENGE_BYTES = 32;
export const PASSKEYS_MAX = 20;

/** A passkey as its owner sees it. */
export const shownPasskey = ({ id, name, host, createdAt, usedAt }: Passkey) => ({
  id,
  name,
  host,
  createdAt: createdAt.toISOString(),
  usedAt: usedAt?.toISOString() ?? null,
});
