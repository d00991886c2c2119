import { csvCell, csvLine } from '../../platform/csv.ts';
import { canonical, type FoundStatement, type ShownLine } from './service.ts';

/** A statement as a file of text: what comes first, its lines a page at a time, what comes last. */
type TextDocument = {
  readonly contentType: string;
  readonly head: string;
  readonly page: (lines: readonly ShownLine[], isFirst: boolean) => string;
  readonly tail: string;
};

/**
 * The statement as canonical JSON (RFC 8785), members in their order: hash, lines, signature, statement. The same bytes for
 * ever.
 */
export function jsonDocument({ document, hash, kid, signature }: FoundStatement): TextDocument {
  return {
    contentType: 'application/json',
    head: `{"hash":${JSON.stringify(hash)},"lines":[`,
    page: (lines, isFirst) => `${isFirst ? '' : ','}${lines.map((line) => canonical(line)).join(',')}`,
    tail: `],"signature":${canonical({ alg: 'ES256', kid, value: signature })},"statement":${document}}`,
  };
}

const COLUMNS = ['statement', 'number', 'kind', 'id', 'revision', 'earnedAt', 'plan', 'version', 'component', 'level', 'adjustment', 'amount', 'currency']; // prettier-ignore

/** The lines as CSV; no cell is a formula to a spreadsheet, and amounts are plain decimals. */
export function csvDocument({ id, number, currency }: FoundStatement): TextDocument {
  const lineOf = ({ kind, id: lineId, revision, rule, level, earnedAt, isAdjustment, amount }: ShownLine): string => {
    const cells = [id, number, kind, lineId, revision, earnedAt, rule?.plan ?? '', rule?.version ?? '', rule?.component ?? '', level ?? '', isAdjustment ? 'yes' : 'no']; // prettier-ignore
    return `${[...cells.map(csvCell), amount, currency].join(',')}\r\n`;
  };
  return {
    contentType: 'text/csv; charset=utf-8',
    head: csvLine(COLUMNS),
    page: (lines) => lines.map(lineOf).join(''),
    tail: '',
  };
}

/** The name of a statement's file. */
export const fileNameOf = ({ number, currency, id }: FoundStatement, format: string): string =>
  `statement-${number}-${currency}-${id}.${format}`;
