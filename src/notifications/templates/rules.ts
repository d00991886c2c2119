import type { WrittenMail } from '../types.ts';
import type { Letter } from './types.ts';

const LINE_CHARACTERS_MAX = 200;

/** A text from outside (a name, a device) as one line of bounded length: control and direction marks become blanks. */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, LINE_CHARACTERS_MAX)
    .toWellFormed();

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it may stand in HTML, between tags and in quoted attributes alike. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);

/** A link that a mail may carry; anything but a whole address of http or https is a defect of whoever asked for the mail. */
function webLink(link: string): string {
  const url = new URL(link);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new RangeError('a link in a mail must be of the web');
  return url.href;
}

/** An instant for people: UTC, to the minute. */
export const instantText = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const STYLE = {
  page: 'margin:0;padding:24px 12px;background:#f3f4f6;color:#111827;font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;font-size:16px;line-height:1.5',
  card: 'max-width:560px;margin:0 auto;background:#ffffff;border:1px solid #e5e7eb;border-radius:8px;padding:28px',
  button:
    'display:inline-block;background:#1d4ed8;color:#ffffff;text-decoration:none;font-weight:600;border-radius:6px;padding:12px 20px',
  token:
    'display:block;background:#f3f4f6;border-radius:6px;padding:12px;font-family:ui-monospace,Menlo,Consolas,monospace;word-break:break-all',
  small: 'color:#4b5563;font-size:14px',
};

const NAME_CHARACTERS_MAX = 60;

/**
 * How a mail greets. Whoever registers chooses the name and the address, and could so have us send his advertisement to
 * strangers: a name that reads like an address of the web or of mail, or that is a whole sentence, is left out.
 */
function greetingOf(name: string | null): string {
  const shown = oneLine(name ?? '');
  const isPlain = shown !== '' && shown.length <= NAME_CHARACTERS_MAX && !/[/\\:@]|\S\.\S/u.test(shown);
  return isPlain ? `Hello ${shown},` : 'Hello,';
}

/** Lays a letter out, as text and as a simple page. What comes from outside stands in both as text, whatever it holds. */
export function layOut(letter: Letter, sender: string, recipient: string | null): WrittenMail {
  const greeting = greetingOf(recipient);
  const from = oneLine(sender);
  const link = webLink(letter.button.link);
  const token =
    letter.token === undefined
      ? []
      : ['If the link does not open, type this code where it is asked for:', letter.token];
  const text = [greeting, ...letter.paragraphs, `${letter.button.label}:\n${link}`, ...token, ...letter.closing, from];
  const paragraph = (line: string, style = ''): string =>
    `<p${style === '' ? '' : ` style="${style}"`}>${escapeHtml(line)}</p>`;
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(letter.subject)}</title></head><body style="${STYLE.page}"><div style="${STYLE.card}">`,
    ...[greeting, ...letter.paragraphs].map((line) => paragraph(line)),
    `<p><a href="${escapeHtml(link)}" style="${STYLE.button}">${escapeHtml(letter.button.label)}</a></p>`,
    ...token.map((line, place) =>
      place === 0 ? paragraph(line, STYLE.small) : `<code style="${STYLE.token}">${escapeHtml(line)}</code>`,
    ),
    ...letter.closing.map((line) => paragraph(line, STYLE.small)),
    paragraph(from),
    '</div></body></html>',
  ];
  return { subject: oneLine(letter.subject), text: `${text.join('\n\n')}\n`, html: html.join('\n') };
}
