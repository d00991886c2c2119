import type { DealVersion } from './types.ts';

/**
 * Which of a deal's versions says what it is now: a deletion for ever, for a ticket never comes back and what is said to it
 * afterwards was only late; else the last update, by the places in their source where all are of one source that counts, or
 * else in the order in which they came. Conflicting additions say nothing. Undefined where there is no addition yet.
 */
export function dealVersionInForce<Version extends DealVersion>(versions: readonly Version[]): Version | undefined {
  const addition = versions.find(({ version }) => version === 0);
  if (addition === undefined) return undefined;
  const deletion = versions.findLast(({ kind }) => kind === 'delete');
  if (deletion !== undefined) return deletion;
  const updates = versions.filter(({ kind, version }) => kind === 'update' && version > 0);
  const [first] = updates;
  if (first === undefined) return addition;
  const ordered = updates.every(({ sourceKey, seq }) => seq !== null && sourceKey === first.sourceKey);
  return updates.reduce((last, each) => (isAfter(each, last, ordered) ? each : last));
}

const isAfter = (left: DealVersion, right: DealVersion, bySeq: boolean): boolean =>
  bySeq && left.seq !== null && right.seq !== null ? left.seq > right.seq : left.version > right.version;
