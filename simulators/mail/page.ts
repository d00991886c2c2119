import type { CaughtMail } from './store.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);

const STYLE = `
*{box-sizing:border-box}body{margin:0;font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#111827;background:#f3f4f6}
header{background:#111827;color:#fff;padding:14px 20px;display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}
header h1{font-size:18px;margin:0}header p{margin:0;color:#d1d5db;font-size:14px}
main{display:grid;grid-template-columns:minmax(260px,360px) 1fr;min-height:calc(100vh - 54px)}
nav{border-right:1px solid #d1d5db;background:#fff;overflow:auto;max-height:calc(100vh - 54px)}
nav ol{list-style:none;margin:0;padding:0}nav a{display:block;padding:12px 16px;border-bottom:1px solid #e5e7eb;color:inherit;text-decoration:none}
nav a:hover,nav a:focus-visible{background:#eff6ff}nav a[aria-current]{background:#dbeafe;box-shadow:inset 4px 0 #1d4ed8}
nav b{display:block;overflow-wrap:anywhere}small{color:#4b5563;overflow-wrap:anywhere}
article{padding:20px;min-width:0}article h2{margin:0 0 8px;font-size:20px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:0 0 16px;font-size:14px}dt{color:#4b5563}dd{margin:0;overflow-wrap:anywhere}
iframe{width:100%;height:min(70vh,620px);border:1px solid #d1d5db;border-radius:8px;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#fff;border:1px solid #d1d5db;border-radius:8px;padding:16px;font-size:14px}
summary{cursor:pointer;padding:8px 0;font-weight:600}.empty{padding:48px 20px;color:#4b5563;text-align:center}.back{display:none}
@media(max-width:720px){main{grid-template-columns:1fr}nav{border-right:0;max-height:none}main.open nav{display:none}main:not(.open) article{display:none}.back{display:inline-block;margin-bottom:12px}article{padding:16px}}
`;

/** When it came, for people. */
const at = ({ receivedAt }: CaughtMail): string => `${receivedAt.slice(0, 19).replace('T', ' ')} UTC`;

/** Addresses of the web in a text become links; everything else stays text. */
const linked = (text: string): string =>
  escaped(text).replace(
    /https?:\/\/[^\s<>"']+/g,
    (link) => `<a href="${link}" target="_blank" rel="noopener noreferrer">${link}</a>`,
  );

const entry = (mail: CaughtMail, isShown: boolean): string =>
  `<li><a href="/?mail=${mail.id}"${isShown ? ' aria-current="true"' : ''}><b>${escaped(mail.subject)}</b><small>to ${escaped(mail.to.join(', '))}<br>${at(mail)}</small></a></li>`;

const shownMail = (mail: CaughtMail): string => `
<a class="back" href="/">All mails</a>
<h2>${escaped(mail.subject)}</h2>
<dl><dt>From</dt><dd>${escaped(mail.from)}</dd><dt>To</dt><dd>${escaped(mail.to.join(', '))}</dd><dt>At</dt><dd>${at(mail)}</dd></dl>
<iframe title="The mail as a page" src="/mails/${mail.id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<details open><summary>As text</summary><pre>${linked(mail.text)}</pre></details>
<details><summary>Headers</summary><pre>${escaped(mail.headers.map(({ name, value }) => `${name}: ${value}`).join('\n'))}</pre></details>`;

/** The page: all mails, and the one that was chosen. It has no script; the list looks for new mails every few seconds. */
export function renderPage(mails: readonly CaughtMail[], shown: CaughtMail | undefined): string {
  const list =
    mails.length === 0
      ? '<p class="empty">No mail yet. What Cascade sends on this machine comes here, and goes nowhere else.</p>'
      : `<ol>${mails.map((mail) => entry(mail, mail === shown)).join('')}</ol>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
${shown === undefined ? '<meta http-equiv="refresh" content="3">' : ''}<title>Caught mail</title><style>${STYLE}</style></head><body>
<header><h1>Caught mail</h1><p>${mails.length} kept; nothing leaves this machine</p></header>
<main${shown === undefined ? '' : ' class="open"'}><nav aria-label="Mails">${list}</nav>
<article>${shown === undefined ? '<p class="empty">Choose a mail.</p>' : shownMail(shown)}</article></main></body></html>`;
}

/** A mail's own page, as it stands alone in its frame: its links open elsewhere. */
export const renderBody = (mail: CaughtMail): string =>
  mail.html === '' ? `<!doctype html><pre>${escaped(mail.text)}</pre>` : `<base target="_blank">${mail.html}`;
