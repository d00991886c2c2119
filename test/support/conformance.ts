import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OperationForm } from '../../src/kernel/operation.ts';
import { type ApiDescription, describeApi } from '../../src/http/index.ts';
import { allOperations } from '../../src/main/api-routes.ts';
import type { TenantResponse } from '../../src/platform/tenant-client.ts';

/** Compares answers with the published description. */
export type Conformance = {
  readonly description: ApiDescription;
  /** Each way in which an answer is not as its operation is described; none where all is well. */
  readonly faultsOf: (operation: OperationForm, answer: Answer) => readonly string[];
};

type Answer = Pick<TenantResponse, 'status' | 'headers' | 'text' | 'json' | 'bytes'>;
type Described = { readonly $ref?: string; readonly content?: Readonly<Record<string, unknown>> };

const pointerPart = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');
const DOCUMENT = 'https://description.test/openapi.json';

/** Reads the description of all operations that there are, and compiles a check for an answer when it is first seen. */
export function readConformance(operations: readonly OperationForm[] = allOperations()): Conformance {
  const description = describeApi(operations, '0', '/docs/errors');
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...description, $id: DOCUMENT }, DOCUMENT);
  const checks = new Map<string, ValidateFunction>();
  const checkAt = (pointer: string): ValidateFunction => {
    const found = checks.get(pointer);
    if (found !== undefined) return found;
    const made = ajv.compile({ $ref: `${DOCUMENT}#${encodeURI(pointer)}` });
    checks.set(pointer, made);
    return made;
  };
  return { description, faultsOf: (operation, answer) => faultsOf(description, checkAt, operation, answer) };
}

function faultsOf(
  description: ApiDescription,
  checkAt: (pointer: string) => ValidateFunction,
  operation: OperationForm,
  answer: Answer,
): string[] {
  const described: Readonly<Record<string, Described>> | undefined =
    description.paths?.[operation.path]?.[operation.method]?.responses;
  if (described === undefined) return ['the operation is not described'];
  const entry = described[String(answer.status)];
  if (entry === undefined) return [`status ${answer.status} is not described`];
  const [, name] = /^#\/components\/responses\/(.+)$/.exec(entry.$ref ?? '') ?? [];
  const place =
    name === undefined
      ? `/paths/${pointerPart(operation.path)}/${operation.method}/responses/${answer.status}`
      : `/components/responses/${name}`;
  const response = name === undefined ? entry : (description.components?.responses?.[name] as Described | undefined);
  const faults = headerFaults(answer);
  const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  if (response?.content === undefined)
    return answer.bytes.length === 0 ? faults : [...faults, 'there is a body where none is described'];
  if (!(type in response.content)) return [...faults, `the media type ${type || '(none)'} is not described`];
  if (!/^application\/(problem\+)?json$/.test(type)) return faults;
  const check = checkAt(`${place}/content/${pointerPart(type)}/schema`);
  if (check(answer.json())) return faults;
  return [
    ...faults,
    ...(check.errors ?? [])
      .slice(0, 5)
      .map((each) => `${each.instancePath} ${each.message ?? ''} ${JSON.stringify(each.params)}`),
  ];
}

const headerFaults = ({ headers }: Answer): string[] =>
  ['x-request-id', 'traceparent', 'cache-control'].flatMap((name) =>
    headers[name] === undefined ? [`the header ${name} is missing`] : [],
  );
