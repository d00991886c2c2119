import { createRequire } from 'node:module';
import { once } from 'node:events';
import Pdf from 'pdfkit';
import type { FoundStatement, ShownLine } from './service.ts';
import { formatAmount } from '../../kernel/money.ts';

const require = createRequire(import.meta.url);
const FONT = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
const BOLD = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf');

/** Lines beyond are in the JSON and CSV files; a PDF is for people. */
export const PDF_LINES_MAX = 2_000;

const MARGIN = 48;
const GREY = '#6b7280';
const RULE = '#d1d5db';
const ROW = 15;

/** What a PDF says beside the statement: who issues it and who gets it. */
export type Letterhead = { readonly issuer: string; readonly recipient: string };

type Doc = InstanceType<typeof Pdf>;
type Column = { readonly label: string; readonly at: number; readonly width: number; readonly align?: 'right' };

const COLUMNS: readonly Column[] = [
  { label: 'Earned (UTC)', at: 0, width: 96 },
  { label: 'Trade or award', at: 100, width: 150 },
  { label: 'Rule', at: 254, width: 130 },
  { label: 'Level', at: 388, width: 30, align: 'right' },
  { label: 'Amount', at: 422, width: 77, align: 'right' },
];

/** A statement as PDF, A4: its sums, the lines, hash and signature. The same bytes each time by the same version of the library. */
export async function pdfOf(
  statement: FoundStatement,
  lines: readonly ShownLine[],
  { issuer, recipient }: Letterhead,
): Promise<Buffer> {
  const title = `Statement ${statement.number}, ${statement.currency}`;
  const doc = new Pdf({
    size: 'A4',
    margin: MARGIN,
    bufferPages: true,
    info: { Title: title, Author: issuer, CreationDate: statement.issuedAt, ModDate: statement.issuedAt },
  });
  const pieces: Buffer[] = [];
  doc.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = once(doc, 'end');
  doc.registerFont('text', FONT).registerFont('bold', BOLD);
  heading(doc, statement, { title, issuer, recipient });
  sums(doc, statement);
  table(doc, statement, lines);
  proof(doc, statement);
  feet(doc, statement);
  doc.end();
  await ended;
  return Buffer.concat(pieces);
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');

function heading(
  doc: Doc,
  statement: FoundStatement,
  { title, issuer, recipient }: Letterhead & { title: string },
): void {
  const { startsAt, endsAt, issuedAt, beneficiary, id } = statement;
  doc.font('bold').fontSize(18).text(title);
  doc.font('text').fontSize(9).fillColor(GREY).text(id).fillColor('black').moveDown(0.8);
  const rows = [
    ['Issued by', issuer],
    ['For', `${recipient} (${beneficiary})`],
    ['Period', `${startsAt === null ? 'from the beginning' : `from ${dayOf(startsAt)}`} to ${dayOf(endsAt)} UTC`],
    ['Issued', `${dayOf(issuedAt)} UTC`],
  ];
  for (const [label = '', value = ''] of rows) pair(doc, label, value);
  doc.moveDown(0.8);
}

function pair(doc: Doc, label: string, value: string): void {
  const top = doc.y;
  doc.fontSize(9).font('text').fillColor(GREY).text(label, MARGIN, top, { width: 80 });
  doc.fillColor('black').text(value, MARGIN + 84, top, { width: 415 });
}

function sums(doc: Doc, statement: FoundStatement): void {
  const { currency, openingUnits, earningUnits, adjustmentUnits, payableUnits, carriedUnits, nettedUnits } = statement;
  const total = openingUnits + earningUnits + adjustmentUnits;
  const rows: readonly (readonly [string, bigint, boolean])[] = [
    ['Carried over from before', openingUnits, false],
    ['Earned in the period', earningUnits, false],
    ['Adjustments of earlier periods', adjustmentUnits, false],
    ['Total', total, true],
    ['To be paid', payableUnits, true],
    ['Carried over to the next statement', carriedUnits, false],
  ];
  for (const [label, units, isStrong] of rows) {
    const top = doc.y;
    doc
      .font(isStrong ? 'bold' : 'text')
      .fontSize(10)
      .fillColor('black');
    doc.text(label, MARGIN, top, { width: 330 });
    doc.text(`${formatAmount({ units, currency })} ${currency}`, MARGIN + 334, top, { width: 165, align: 'right' });
    doc.y = top + ROW;
  }
  if (nettedUnits > 0n) {
    const netted = `${formatAmount({ units: nettedUnits, currency })} ${currency}`;
    doc.font('text').fontSize(8).fillColor(GREY);
    doc.text(
      `Of what was taken back, ${netted} had been paid out before and is settled by this statement.`,
      MARGIN,
      doc.y,
    );
  }
  doc.moveDown(1);
}

function headRow(doc: Doc): void {
  const top = doc.y;
  doc.font('bold').fontSize(8).fillColor('black');
  for (const { label, at, width, align } of COLUMNS)
    doc.text(label, MARGIN + at, top, { width, align: align ?? 'left', lineBreak: false });
  doc
    .moveTo(MARGIN, top + 12)
    .lineTo(MARGIN + 499, top + 12)
    .strokeColor(RULE)
    .stroke();
  doc.y = top + ROW;
}

function table(doc: Doc, { lines: count }: FoundStatement, lines: readonly ShownLine[]): void {
  const bottom = doc.page.height - MARGIN - 2 * ROW;
  headRow(doc);
  for (const { id, earnedAt, rule, level, amount, revision, isAdjustment } of lines) {
    if (doc.y > bottom) {
      doc.addPage();
      headRow(doc);
    }
    const top = doc.y;
    const cells = [
      `${earnedAt.slice(0, 16).replace('T', ' ')}${isAdjustment ? ' *' : ''}`,
      `${id}${revision === 0 ? '' : ` r${revision}`}`,
      rule === null ? '' : `${rule.component}, v${rule.version} of ${rule.plan}`,
      level === null ? '' : String(level),
      amount,
    ];
    COLUMNS.forEach(({ at, width, align }, place) => {
      const isId = place === 1;
      doc
        .font('text')
        .fontSize(isId ? 7 : 8)
        .fillColor('black');
      doc.text(cells[place] ?? '', MARGIN + at, top, {
        width,
        height: ROW - 3,
        align: align ?? 'left',
        lineBreak: false,
        ellipsis: true,
      });
    });
    doc.y = top + ROW;
  }
  doc.font('text').fontSize(8).fillColor(GREY);
  const more = count - lines.length;
  if (count === 0) doc.text('There are no lines.', MARGIN, doc.y);
  if (more > 0) doc.text(`and ${more} more lines, which the JSON and CSV files have.`, MARGIN, doc.y);
  if (lines.some(({ isAdjustment }) => isAdjustment)) doc.text('* of an earlier period', MARGIN, doc.y);
  doc.moveDown(1);
}

function proof(doc: Doc, { hash, previousHash, kid, signature }: FoundStatement): void {
  if (doc.y > doc.page.height - MARGIN - 7 * ROW) doc.addPage();
  doc.font('bold').fontSize(8).fillColor('black').text('Proof', MARGIN, doc.y);
  doc.font('text').fontSize(7).fillColor(GREY);
  for (const line of [
    `SHA-256 ${hash}`,
    `after ${previousHash ?? 'nothing: it is the first'}`,
    `ES256, key ${kid}: ${signature}`,
  ])
    doc.text(line, MARGIN, doc.y, { width: 499 });
}

/** The number of each page, written last because only then it is known how many there are. */
function feet(doc: Doc, { id }: FoundStatement): void {
  const { start, count } = doc.bufferedPageRange();
  for (let page = start; page < start + count; page += 1) {
    doc.switchToPage(page);
    const { bottom } = doc.page.margins;
    doc.page.margins.bottom = 0; // Else the library begins a new page for what stands in the margin.
    doc.font('text').fontSize(7).fillColor(GREY);
    doc.text(`${id}   page ${page + 1} of ${count}`, MARGIN, doc.page.height - 30, {
      width: 499,
      align: 'right',
      lineBreak: false,
    });
    doc.page.margins.bottom = bottom;
  }
}
