import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { TenantId } from '../kernel/ids.ts';

const ITERATIONS = 4096; // Postgres's own figure. The password is 256 random bits: nobody guesses it.

/** The application role's password: derived from the installation's secret, so that none is stored. */
export const appPassword = (secret: string, tenantId: TenantId): string =>
  createHmac('sha256', secret).update(`tenant-database:${tenantId}`).digest('hex');

/** The password of the role with which applications enter the control database; it derives likewise. */
export const controlPassword = (secret: string): string =>
  createHmac('sha256', secret).update('control-database').digest('hex');

/** The password of the role that owns the queues' database, where there is no Redis. */
export const queuePassword = (secret: string): string =>
  createHmac('sha256', secret).update('queue-database').digest('hex');

/** What tells whether a secret is the one that the installation was made with, without telling the secret. */
export const secretCheck = (secret: string): Buffer =>
  createHmac('sha256', secret).update('installation-check').digest();

/** A password as Postgres keeps it (RFC 5802), so that the password itself stands in no statement and in no log. */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyOf = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${keyOf('Server Key').toString('base64')}`;
}
