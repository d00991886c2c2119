import type { ClientId, IbId } from '../../kernel/ids.ts';

/** What an override is about: one IB for one client, a client whatever its own IB is, or the accounts of a group. */
export type OverrideScope =
  | { readonly kind: 'link'; readonly ibId: IbId; readonly clientId: ClientId }
  | { readonly kind: 'personal'; readonly clientId: ClientId }
  | { readonly kind: 'group'; readonly accountGroup: string; readonly ibId?: IbId | undefined };
