import { type ChainLevel, chainsOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type DueTrade, openedVolumesOf, type PositionOpen, symbolsAsOf } from '../../trading/index.ts';
import type { PlanBook, PublishedVersion } from '../plans/store.ts';
import type { Terms } from './terms.ts';

/** A trade with the tree and the plan version that hold for it, and the instant as of which they do. */
export type Frame = {
  readonly trade: DueTrade;
  /** UTC, ms: the close, or the open where the plan says so. */
  readonly atMs: number;
  readonly chain: readonly ChainLevel[];
  readonly version: PublishedVersion | undefined;
  /** When the position was opened; undefined where nobody asked, or nobody knows. */
  readonly open: PositionOpen | undefined;
};

/** Who is above clients: as the tree says, unless somebody looks at another tree. */
export type TreeReader = typeof chainsOf;

type Known = {
  readonly opens: ReadonlyMap<bigint, PositionOpen> | undefined;
  readonly knownAt?: Date | undefined;
  readonly terms?: Terms | undefined;
  readonly tree?: TreeReader | undefined;
};

/**
 * Tree and plan of each trade as of its close. The version in force then may say that all is as of the open: then tree, plan
 * and symbol are looked up once more, as of that. A deal that opens volume which counts is its own open.
 */
export async function framesOf(
  tx: TenantTx,
  book: PlanBook,
  trades: readonly DueTrade[],
  known: Known,
): Promise<{ readonly frames: readonly Frame[]; readonly knownAt: Date }> {
  const asked = trades.map((trade) => ({ trade, atMs: trade.closedAt, open: known.opens?.get(trade.dealKey) }));
  const atClose = await placed(tx, book, asked, known);
  if (!book.looksAtOpens) return atClose;
  const { knownAt } = atClose;
  const frames = await withOpened(tx, atClose.frames);
  const early = frames.flatMap(({ version, trade, open }, place) =>
    version?.plan.asOf === 'open' && open !== undefined && open.openedAt < trade.closedAt
      ? [{ place, trade, open, atMs: open.openedAt }]
      : [],
  );
  if (early.length === 0) return { frames, knownAt };
  const mapped = known.knownAt === undefined ? await withSymbols(tx, early) : early; // A booking names the symbol's row.
  const atOpen = await withOpened(tx, (await placed(tx, book, mapped, { ...known, knownAt })).frames);
  const places = new Map(early.map(({ place }, index) => [place, atOpen[index]]));
  return { frames: frames.map((frame, place) => places.get(place) ?? frame), knownAt };
}

type Asked = Pick<Frame, 'trade' | 'atMs' | 'open'>;

async function placed(
  tx: TenantTx,
  book: PlanBook,
  asked: readonly Asked[],
  { knownAt: asKnownAt, terms, tree = chainsOf }: Pick<Known, 'knownAt' | 'terms' | 'tree'>,
): Promise<{ frames: Frame[]; knownAt: Date }> {
  const treeAtMs = terms?.treeAt === undefined ? undefined : Date.parse(terms.treeAt);
  const clients = asked.map(({ trade, atMs }) => ({ clientKey: trade.clientKey, atMs: treeAtMs ?? atMs }));
  const { chains, knownAt } = await tree(tx, clients, asKnownAt);
  const versionByTerms = terms?.versionKey === undefined ? undefined : book.versionOfKey(terms.versionKey);
  const frames = asked.map(({ trade, atMs, open }, place): Frame => {
    const chain = chains[place]?.levels ?? [];
    return { trade, atMs, open, chain, version: versionByTerms ?? book.versionFor(chain, atMs) };
  });
  return { frames, knownAt };
}

/** What deals opened, of those whose plan counts it. */
async function withOpened(tx: TenantTx, frames: readonly Frame[]): Promise<Frame[]> {
  const counts = ({ version }: Frame): boolean => (version?.plan.counts ?? 'close') !== 'close';
  const unread = frames.filter((frame) => counts(frame) && frame.trade.openedVolume === undefined);
  const volumes = await openedVolumesOf(
    tx,
    unread.map(({ trade }) => trade.dealKey),
  );
  return frames.map((frame) => {
    if (!counts(frame)) return frame;
    const { trade } = frame;
    const openedVolume = trade.openedVolume ?? volumes.get(trade.dealKey) ?? 0n;
    const open = openedVolume > 0n ? { openedAt: trade.closedAt, hasMs: trade.hasMs } : frame.open;
    return { ...frame, trade: { ...trade, openedVolume }, open };
  });
}

async function withSymbols(tx: TenantTx, asked: readonly Asked[]): Promise<Asked[]> {
  const rows = await symbolsAsOf(
    tx,
    asked.map(({ trade, atMs }) => ({ symbolKey: trade.symbolKey, at: new Date(atMs) })),
  );
  return asked.map((each, place) => ({ ...each, trade: { ...each.trade, ...rows[place] } }));
}
