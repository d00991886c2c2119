import type { ApiKeyId } from '../../kernel/ids.ts';

/** What a program signs in with; its secret part is shown once and kept as a hash. */
export type ApiKey = {
  readonly id: ApiKeyId;
  readonly name: string;
  /** How the key begins, by which people know it again: `csk_…_AbCd`. */
  readonly prefix: string;
  /** `clients:list`: a resource and an action of the table of rights. */
  readonly scopes: readonly string[];
  /** Networks (CIDR) whence it may be used; anywhere if there is none. */
  readonly addresses: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly usedAt: Date | null;
  readonly usedFrom: string | null;
  readonly isLive: boolean;
};
