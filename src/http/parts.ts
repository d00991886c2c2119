import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { OperationForm } from '../kernel/operation.ts';
import { Problem, problemCatalogue } from '../kernel/problem.ts';
import { parseStrictJson } from '../platform/strict-json.ts';
import { readBody } from './body.ts';
import { httpProblem } from './errors.ts';
import { faultsOf, readQuery } from './rules.ts';

const BODY_BYTES_MAX = 65_536;
const DEPTH_MAX = 20;
const ITEMS_MAX = 1_000;

/** The parameters after the question mark, by the operation's schema; one that it does not list is refused. */
export function queryOf(operation: OperationForm, address: string): Readonly<Record<string, unknown>> {
  const read = readQuery(address);
  if ('repeated' in read) throw httpProblem('http.query_repeated', { detail: read.repeated.slice(0, 100) });
  const unreadable = Object.entries(read.query).find((pair) => pair.some((text) => !isText(text)));
  if (unreadable !== undefined)
    throw httpProblem('http.query_invalid', { errors: [{ path: '', message: 'holds what is no text' }] });
  if (operation.query === undefined) {
    const [unknown] = Object.keys(read.query);
    if (unknown === undefined) return read.query;
    throw httpProblem('http.query_invalid', {
      errors: [{ path: unknown.slice(0, 100), message: 'is no parameter of this address' }],
    });
  }
  const parsed = operation.query.safeParse(read.query, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw httpProblem('http.query_invalid', { errors: faultsOf(parsed.error) });
}

/** NUL and halves of characters can be stored nowhere. */
const isText = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/** The parameters inside the path. What cannot be an id is answered like an id that nobody has. */
export function paramsOf(
  operation: OperationForm,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  if (operation.params === undefined) return given;
  const parsed = operation.params.safeParse(given);
  if (parsed.success) return parsed.data;
  throw absent(operation);
}

/** The problem that the operation itself has for what is not there. */
function absent(operation: OperationForm): Problem {
  for (const code of operation.problems) {
    const entry = problemCatalogue().get(code);
    if (entry?.status === 404) return new Problem(code, entry);
  }
  return httpProblem('http.not_found');
}

/** A body: the bytes as they came, or JSON that is read strictly and then by the operation's schema. */
export async function bodyOf(
  operation: OperationForm,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<{ readonly bytes: Buffer; readonly value: unknown }> {
  const { body } = operation;
  const bytesMax = operation.bodyBytesMax ?? (body === undefined ? 0 : BODY_BYTES_MAX);
  if (body === undefined || body === 'bytes') {
    const bytes = await readBody(request, response, bytesMax);
    return { bytes, value: body === 'bytes' ? bytes : undefined };
  }
  if (!isJsonType(request.headers['content-type']))
    throw httpProblem('http.body_unsupported', { detail: 'Send application/json' });
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw httpProblem('http.body_unsupported', { detail: 'Send the body unpacked' });
  const bytes = await readBody(request, response, bytesMax);
  return { bytes, value: jsonOf(bytes, body, operation.bodyItemsMax) };
}

/** `application/json`, with no charset but UTF-8. */
const isJsonType = (contentType: string | undefined): boolean =>
  /^application\/json *(; *charset=("?)utf-8\2 *)?$/i.test(contentType ?? '');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // A byte order mark is no JSON: it stays, to be refused.

function jsonOf(bytes: Buffer, schema: z.ZodType, itemsMax = ITEMS_MAX): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw httpProblem('http.body_malformed', { detail: 'The body is not encoded as UTF-8' });
  }
  const limits = {
    lengthMax: bytes.length,
    depthMax: DEPTH_MAX,
    itemsMax,
    areNumbersDoubles: true,
  } as const;
  const read = parseStrictJson(text, limits);
  if (!read.ok) throw httpProblem('http.body_malformed', { detail: read.detail });
  const parsed = schema.safeParse(read.value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw httpProblem('http.body_invalid', { errors: faultsOf(parsed.error) });
}
