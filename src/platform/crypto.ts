import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const VERSION = 1;

/** Seals small texts for a column, and opens them again. */
export type Sealer = {
  /** `context` says where the text belongs (tenant, row, column); it is not kept, but must be the same to open. */
  readonly seal: (text: string, context: string) => Buffer;
  /** Throws if a byte of the sealed text or the context differs. */
  readonly open: (sealed: Buffer, context: string) => string;
};

/**
 * A sealer whose key is derived (HKDF, SHA-256) from the installation's secret for one purpose, so that keys of
 * different purposes tell nothing about each other. AES-256-GCM with a random 96-bit IV; sealed is version, IV, tag, text.
 */
export function makeSealer(secret: string, purpose: string): Sealer {
  const key = deriveKey(secret, purpose);
  return {
    seal: (text, context) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), body]);
    },
    open: (sealed, context) => {
      if (sealed[0] !== VERSION || sealed.length < 1 + IV_BYTES + TAG_BYTES) throw new Error('not a sealed text');
      const iv = sealed.subarray(1, 1 + IV_BYTES);
      const tag = sealed.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context)).setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed.subarray(1 + IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    },
  };
}

/** A key of 256 bits derived (HKDF, SHA-256) from the installation's secret for one purpose, for keyed hashes. */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'cascade', purpose, KEY_BYTES));
