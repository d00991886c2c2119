/** The pages' style. One set of tokens for light and dark; figures are tabular; nothing scrolls sideways at 390 px. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: light-dark(#fbfbfa, #121416);
  --line: light-dark(#dcdcd8, #2c3136);
  --text: light-dark(#17191b, #e8e9ea);
  --quiet: light-dark(#5c6166, #9ba2a9);
  --accent: light-dark(#1b55c4, #8fb4ff);
  --on-accent: light-dark(#ffffff, #0d1420);
  --good: light-dark(#1b7043, #5fc78f);
  --look: light-dark(#8a5a00, #e3b04b);
  --bad: light-dark(#b3261e, #ff8d85);
  --off: var(--quiet);
  --mono: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 0 24px 48px; max-width: 1440px;
  background: var(--page); color: var(--text);
  font: 14px/20px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
header { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; min-height: 56px; padding: 8px 0; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 16px; font-weight: 650; letter-spacing: -0.01em; }
h2 { margin: 32px 0 8px; font-size: 14px; font-weight: 650; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-left: auto; }
a { color: var(--accent); text-underline-offset: 3px; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code { font: 13px/20px var(--mono); color: var(--quiet); overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 13px; }
.state { white-space: nowrap; font-weight: 550; }
.good { color: var(--good); } .look { color: var(--look); } .bad { color: var(--bad); } .off { color: var(--off); }
.concerns { display: flex; flex-wrap: wrap; gap: 0 24px; margin: 16px 0 0; padding: 8px 16px; border-left: 3px solid var(--look); list-style: none; }
.tiles { display: grid; grid-template-columns: repeat(7, 1fr); margin: 24px 0 0; border-bottom: 1px solid var(--line); }
.tile { padding: 0 16px 16px; border-left: 1px solid var(--line); color: var(--text); min-width: 0; }
.tile:first-child { padding-left: 0; border-left: 0; }
.tile dt { color: var(--quiet); font-size: 13px; }
.tile dd { margin: 0; overflow-wrap: anywhere; }
.tile dd:nth-of-type(1) { font-size: 26px; line-height: 36px; font-weight: 600; letter-spacing: -0.02em; }
.tile.look dd:nth-of-type(1) { color: var(--look); }
.tile.look dd:nth-of-type(1)::before { content: '▲ '; font-size: 14px; vertical-align: 4px; }
.pair { display: grid; grid-template-columns: 3fr 2fr; gap: 0 48px; }
.pair > p { grid-column: 2; margin: 12px 0 0; }
table { width: 100%; border-collapse: collapse; }
thead th { height: 32px; color: var(--quiet); font-size: 13px; font-weight: 500; white-space: nowrap; }
th, td { padding: 0 8px; text-align: left; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
tbody th { font-weight: 550; } tbody td, tbody th { height: 36px; }
.figure { text-align: right; white-space: nowrap; }
.narrow { max-width: 560px; padding-top: 24px; }
.primary { display: inline-block; padding: 8px 16px; border-radius: 6px; background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; }
.stale main { opacity: 0.55; }
.stale header::after { content: '■ no answer, these figures are old'; color: var(--bad); font-weight: 550; }
@media (max-width: 1100px) { .tiles { grid-template-columns: repeat(4, 1fr); row-gap: 16px; } .pair { grid-template-columns: 1fr; } .pair > p { grid-column: 1; } }
@media (max-width: 640px) {
  body { padding: 0 16px 32px; }
  nav { margin-left: 0; width: 100%; }
  nav a { padding: 8px 0; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tile, .tile:first-child { padding: 0 8px 8px 0; border-left: 0; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: repeat(auto-fit, minmax(148px, 1fr)); gap: 0 16px; padding: 8px 0; border-bottom: 1px solid var(--line); }
  tbody th { grid-column: 1 / -1; }
  tbody td, tbody th { display: flex; justify-content: space-between; align-items: center; gap: 8px; height: auto; min-height: 28px; padding: 0; border: 0; white-space: normal; }
  tbody td::before { content: attr(data-label); color: var(--quiet); font-size: 13px; }
}
@media (prefers-reduced-motion: no-preference) { main { transition: opacity 120ms; } }
`;

/** The pages' script: fetches the page again every two seconds while it is looked at, and says so when no answer comes. */
export const script = `'use strict';
const PERIOD_MS = 2000;
const TIMEOUT_MS = 5000;
async function refresh() {
  if (document.hidden || document.querySelector('main[data-refresh]') === null) return;
  try {
    const response = await fetch(location.pathname, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const name of ['header', 'main']) {
      const now = document.querySelector(name);
      const next = fresh.querySelector(name);
      if (now !== null && next !== null && !now.contains(document.activeElement) && now.outerHTML !== next.outerHTML) now.replaceWith(next);
    }
    document.body.classList.toggle('stale', fresh.querySelector('main[data-refresh]') === null);
  } catch {
    document.body.classList.add('stale');
  }
}
async function round() {
  await refresh();
  setTimeout(round, PERIOD_MS);
}
document.addEventListener('visibilitychange', refresh);
setTimeout(round, PERIOD_MS);
`;
