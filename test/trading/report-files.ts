import { crc32 } from 'node:zlib';

/** Files in the form of MT5's exports, made for tests: `rows` is the table of deals with its headings. */
type Row = readonly string[];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** An HTML report in UTF-16LE with a byte order mark and no-break spaces, as the terminal writes it. A cell HIDDEN gets the class. */
export function htmlReport(account: string, rows: readonly Row[], positions: readonly Row[] = []): Buffer {
  const cell = (text: string): string => {
    const hidden = text.startsWith('HIDDEN ');
    return `<td nowrap${hidden ? ' class="hidden"' : ''}><b>${escaped(text.replace('HIDDEN ', '')).replaceAll(' ', '&nbsp;')}</b></td>`;
  };
  const row = (cells: Row): string => {
    const html = cells.map(cell).join('');
    return `<tr bgcolor="#FFFFFF">${html.replaceAll(/(\d\d\d\d\.\d\d\.\d\d)&nbsp;/g, '$1 ')}</tr>`;
  };
  const table = (title: string, of: readonly Row[]): string =>
    `<tr><th colspan="13"><b>${title}</b></th></tr>${of.map(row).join('\n')}`;
  const html =
    `<html><body><table><tr><th colspan="3">Cuenta:</th><th colspan="10"><b>${escaped(account).replaceAll(' ', '&nbsp;')}</b></th></tr>` +
    `${table('Posiciones', positions)}${table('Transacciones', rows)}<tr><td colspan="8"></td><td><b>0.00</b></td></tr></table></body></html>`;
  return Buffer.from(`\ufeff${html}`, 'utf16le');
}

/** A zip archive; an entry is stored unless `method` says that its bytes are deflated. */
export function zip(files: readonly (readonly [string, Buffer, { method: number; stated: number }?])[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes, { method, stated } = { method: 0, stated: bytes.length }] of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(stated, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, Buffer.from(name), bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, tail, Buffer.from(name));
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, listed, end]);
}

/** A ReportHistory workbook: volumes and times as text, other figures as doubles written with 17 digits. */
export function workbook(account: string, rows: readonly Row[]): Buffer {
  const sheetRows: Row[] = [
    ['Informe'],
    ['Cuenta:', '', '', account],
    ['Transacciones'],
    ...rows,
    ['', '', '', '', '', '', '', '', '0'],
  ];
  const cell = (text: string, column: number, row: number): string => {
    const at = `${String.fromCharCode(65 + column)}${row + 1}`;
    const plain = text.replaceAll(' ', '');
    if (text === '') return '';
    if (column !== 5 && /^-?[0-9]+(?:\.[0-9]+)?$/.test(plain))
      return `<c r="${at}"><v>${plain.includes('.') ? Number(plain).toPrecision(17) : plain}</v></c>`;
    return `<c r="${at}" t="inlineStr"><is><t>${escaped(text)}</t></is></c>`;
  };
  const data = sheetRows
    .map((row, index) => `<row r="${index + 1}">${row.map((text, column) => cell(text, column, index)).join('')}</row>`)
    .join('');
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const xml = (text: string): Buffer => Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text}`);
  return zip([
    ['[Content_Types].xml', xml('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')],
    [
      'xl/workbook.xml',
      xml(
        `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      ),
    ],
    [
      'xl/_rels/workbook.xml.rels',
      xml(
        `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
      ),
    ],
    ['xl/worksheets/sheet1.xml', xml(`<worksheet xmlns="${main}"><sheetData>${data}</sheetData></worksheet>`)],
  ]);
}
