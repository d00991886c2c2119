/** The first instant of the UTC month of an instant, or of the month so many further. */
export function monthStartMs(atMs: number, further = 0): number {
  const at = new Date(atMs);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + further, 1);
}

/** `2026-03`. */
export const monthOfMs = (atMs: number): string => new Date(atMs).toISOString().slice(0, 7);
