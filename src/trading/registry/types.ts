import type { SourceId } from '../../kernel/ids.ts';
import type { ServerClockRule } from '../types.ts';

/** A trade server to be registered; accounts name it by `name` (clients). */
export type NewServer = ServerClockRule & { readonly name: string; readonly platform: 'mt5' };

/** A source to be registered. Without a secret a random one is made; a given one has at least 32 characters. */
export type NewSource = {
  readonly server: string;
  readonly name: string;
  readonly id?: SourceId;
  readonly secret?: string;
};

/** A source and its secret, which is told this once. */
export type CreatedSource = { readonly id: SourceId; readonly secret: string };

/** What a raw symbol of a server means, and its specification. Decimals as text. */
export type SymbolMapping = {
  readonly rawName: string;
  /** The canonical name, and the group by which plans give rates. */
  readonly symbol: string;
  readonly symbolGroup: string;
  readonly digits: number;
  readonly contractSize: string;
  readonly pipSize: string;
  readonly profitCurrency: string;
  /** What a lot is `contractSize` units of, where that is a currency: EUR of EURUSD. Models that pay by the notional need it. */
  readonly baseCurrency?: string | undefined;
};

/** What a lot in an account group counts, and whether its trades earn at all (demo groups do not). */
export type GroupSetting = { readonly name: string; readonly lotFactor: string; readonly pays: boolean };

/** What a bulk change came to. */
export type BulkChange = { readonly added: number; readonly changed: number; readonly unchanged: number };
