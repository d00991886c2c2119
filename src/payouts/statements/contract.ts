import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AwardId, ClientId, IbId, StatementId, TradeId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { statementStates, verdicts } from './types.ts';

const path = '/api/v1/statements';
const common = { on: 'tenant', tag: 'Statements' } as const;
const params = z.strictObject({ statementId: StatementId });
const beneficiary = z.union([IbId, ClientId]);

const UPLOAD_BYTES_MAX = 8 * 1024 * 1024;
const UPLOAD_LINES_MAX = 50_000;

const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256, hexadecimal.' });

const Statement = z
  .strictObject({
    id: StatementId,
    beneficiary: beneficiary.meta({ description: 'Whose it is: an IB, or a client for its trader rebates.' }),
    number: z.int().meta({ description: '1, 2, 3 … of a beneficiary, over all currencies, without a gap.' }),
    currency: Currency,
    period: z
      .strictObject({
        from: InstantText.nullable().meta({
          description: 'Where the one before in this currency ended; null for the first.',
        }),
        to: InstantText.meta({ description: 'Not included. Periods are those of UTC.' }),
      })
      .meta({ description: 'What it tells of.' }),
    issuedAt: InstantText.meta({ description: 'When it was made.' }),
    state: z
      .enum(statementStates)
      .meta({ description: '`carried`: nothing is to be paid; its sum stands in the next one.' }),
    paidAt: InstantText.nullable().meta({ description: 'When a payout run paid it; null before.' }),
    opening: MoneyJson.meta({ description: 'Carried over; below 0 where more was taken back than earned.' }),
    earnings: MoneyJson,
    adjustments: MoneyJson.meta({ description: 'Of earlier periods: late trades and corrections.' }),
    total: MoneyJson,
    payable: MoneyJson.meta({ description: 'Whole minor units.' }),
    carried: MoneyJson,
    receivableNetted: MoneyJson.meta({
      description: 'Of what was taken back: so much had been paid out before, and is settled by this statement.',
    }),
    lines: z.int().meta({ description: 'How many lines it has.' }),
    hash: Hash,
    previousHash: Hash.nullable().meta({
      description: 'That of the beneficiary’s statement before; null for the first.',
    }),
    signature: z
      .strictObject({ alg: z.literal('ES256'), kid: z.string(), value: z.string() })
      .meta({ description: 'By the tenant’s key of that name, over the canonical form of the head.' }),
  })
  .meta({ id: 'Statement', description: 'What a beneficiary earned in a period, and what of it is paid.' });

const Line = z
  .strictObject({
    kind: z.enum(['trade', 'award']),
    id: z.union([TradeId, AwardId]),
    revision: z.int().meta({ description: 'Which booking of the trade; corrections are 1 and above.' }),
    rule: z
      .strictObject({ plan: z.string(), version: z.int(), component: z.string() })
      .nullable()
      .meta({ description: 'What it was earned by; null where no plan says so, as with the outcome of a dispute.' }),
    level: z.int().nullable().meta({ description: 'Distance from the client’s own IB; null for clients.' }),
    earnedAt: InstantText.meta({ description: 'When the trade closed, or the award was earned.' }),
    amount: MoneyJson,
    isAdjustment: z.boolean().meta({ description: 'Whether it is of an earlier period.' }),
  })
  .meta({ id: 'StatementLine', description: 'An entry that a statement tells of.' });

export const listStatements = operation({
  ...common,
  id: 'listStatements',
  method: 'get',
  path,
  summary: 'Lists statements, the newest first',
  description: 'IBs and clients see their own.',
  need: { action: 'list', resource: 'statements' },
  query: pageQuery(['-issuedAt', 'issuedAt'], {
    beneficiary: beneficiary.optional(),
    currency: Currency.optional(),
    state: z.enum(statementStates).optional(),
    from: InstantIn.optional().meta({ description: 'Of periods that ended at this instant or later.' }),
    to: InstantIn.optional().meta({ description: 'Of periods that ended before this instant.' }),
  }),
  answers: { 200: pageOf(Statement) },
  problems: ['platform.cursor_invalid'],
});

export const readStatement = operation({
  ...common,
  id: 'readStatement',
  method: 'get',
  path: `${path}/{statementId}`,
  summary: 'Shows a statement',
  need: { action: 'read', resource: 'statements' },
  params,
  answers: { 200: Statement },
  problems: ['payouts.statement_unknown'],
});

export const listStatementLines = operation({
  ...common,
  id: 'listStatementLines',
  method: 'get',
  path: `${path}/{statementId}/lines`,
  summary: 'Lists the lines of a statement',
  need: { action: 'read', resource: 'statements' },
  params,
  query: pageQuery(['line'], {}),
  answers: { 200: pageOf(Line) },
  problems: ['payouts.statement_unknown', 'platform.cursor_invalid'],
});

export const downloadStatement = operation({
  ...common,
  id: 'downloadStatement',
  method: 'get',
  path: `${path}/{statementId}/document`,
  summary: 'Downloads a statement with its lines',
  description:
    '`json` is canonical (RFC 8785) and the same bytes for ever: `statement` is what is hashed and signed. `csv` has the lines, ' +
    '`pdf` is for people (its first 2 000 lines).',
  need: { action: 'download', resource: 'statements' },
  params,
  query: z.strictObject({ format: z.enum(['json', 'csv', 'pdf']).default('json') }),
  answers: { 200: z.unknown() },
  contentType: 'application/json, text/csv, application/pdf',
  problems: ['payouts.statement_unknown'],
});

const Verification = z
  .strictObject({
    verdict: z.enum(verdicts).meta({
      description: '`unknown`: no statement of this id, or none that the caller may see.',
    }),
    statementId: StatementId.nullable().meta({
      description: 'The statement that it says it is; null where there is none.',
    }),
    faults: z
      .array(z.enum(['head', 'lines', 'hash', 'signature', 'chain']))
      .meta({ description: 'What differs from what was issued; nothing where it is valid.' }),
    chain: z
      .strictObject({ number: z.int(), of: z.int(), hash: Hash, previousHash: Hash.nullable() })
      .nullable()
      .meta({ description: 'Where it stands among the beneficiary’s statements.' }),
    linesChecked: z
      .int()
      .nullable()
      .meta({ description: 'Lines that were computed again; null where they are too many.' }),
  })
  .meta({ id: 'StatementVerification', description: 'Whether a statement is as it was issued.' });

export const verifyStatement = operation({
  ...common,
  id: 'verifyStatement',
  method: 'get',
  path: `${path}/{statementId}/verification`,
  summary: 'Verifies a statement: hash, signature, chain, and its lines computed again',
  need: { action: 'verify', resource: 'statements' },
  params,
  answers: { 200: Verification },
  problems: ['payouts.statement_unknown'],
});

export const verifyUpload = operation({
  ...common,
  id: 'verifyStatementUpload',
  method: 'post',
  path: `${path}/verification`,
  summary: 'Verifies a statement that somebody holds, as it was downloaded as JSON',
  description:
    'The whole document, or `statement` alone; what is given is compared to the letter with what was issued.',
  need: { action: 'verify', resource: 'statements' },
  body: z
    .strictObject({
      statement: z.record(z.string(), z.unknown()).meta({ description: 'The head, which is hashed and signed.' }),
      hash: z.string().max(200).optional().meta({ description: 'As it was downloaded.' }),
      signature: z
        .strictObject({ alg: z.string().max(20), kid: z.string().max(100), value: z.string().max(200) })
        .optional()
        .meta({ description: 'As it was downloaded.' }),
      lines: z
        .array(z.record(z.string(), z.unknown()))
        .max(UPLOAD_LINES_MAX)
        .optional()
        .meta({ description: 'Compared with the entries, each with its own.' }),
    })
    .meta({
      id: 'StatementUpload',
      description: 'A statement as somebody holds it.',
      examples: [{ statement: { id: 'sta_01J9Z3K4M5N6P7Q8R9S0T1V2W3' } }],
    }),
  bodyBytesMax: UPLOAD_BYTES_MAX,
  bodyItemsMax: UPLOAD_LINES_MAX,
  answers: { 200: Verification },
  problems: [],
});

export const listStatementKeys = operation({
  ...common,
  id: 'listStatementKeys',
  method: 'get',
  path: '/api/v1/statement-keys',
  summary: 'Lists the public keys of statements, for whoever verifies signatures by himself',
  description: 'ES256 over the canonical form of `statement`; r and s as 64 bytes, base64url. Keys never go.',
  need: 'public',
  answers: {
    200: z.strictObject({
      keys: z.array(
        z
          .strictObject({
            kty: z.literal('EC').meta({ description: 'An elliptic curve.' }),
            crv: z.literal('P-256').meta({ description: 'Which curve.' }),
            alg: z.literal('ES256').meta({ description: 'How it signs.' }),
            use: z.literal('sig').meta({ description: 'What it is for.' }),
            kid: z.string().meta({ description: 'Its name, which statements give.' }),
            x: z.string().meta({ description: 'Its first coordinate, base64url.' }),
            y: z.string().meta({ description: 'Its second coordinate, base64url.' }),
          })
          .meta({ id: 'StatementKey', description: 'A public key as JWK (RFC 7517).' }),
      ),
    }),
  },
  problems: [],
});
