import { Parser } from 'htmlparser2';
import type { Grid } from './grid.ts';

/** How much of one cell is looked at: figures and the account line are far shorter. */
const CELL_LENGTH_MAX = 256;

/** The tables of an HTML report as rows of texts. Cells of class `hidden` (the cost, in newer files) are left out. */
export function gridOfHtml(html: string): Grid {
  const rows: string[][] = [];
  let cells: string[] | undefined;
  let text: string | undefined;
  const parser = new Parser({
    onopentag(name, { class: classes = '' }) {
      if (name === 'tr') cells = [];
      else if (name === 'td' || name === 'th') text = classes.split(/\s+/).includes('hidden') ? undefined : '';
    },
    ontext(part) {
      if (text !== undefined && text.length < CELL_LENGTH_MAX) text += part;
    },
    onclosetag(name) {
      if ((name === 'td' || name === 'th') && text !== undefined) {
        cells?.push(text.slice(0, CELL_LENGTH_MAX).replace(/\s+/g, ' ').trim()); // \s matches no-break spaces too.
        text = undefined;
      } else if (name === 'tr' && cells !== undefined) {
        rows.push(cells);
        cells = undefined;
      }
    },
  });
  parser.end(html);
  return rows;
}
