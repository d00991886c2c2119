import type { z } from 'zod';
import {
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
  createDocument,
} from 'zod-openapi';
import { type Need, type OperationForm, isRight } from '../../kernel/operation.ts';
import { problemCatalogue } from '../../kernel/problem.ts';
import { explainFields, explainNouns } from './glossary.ts';
import { headers, info, parameters, problemSchema, securitySchemes } from './parts.ts';
import { problemsByStatus } from './problems.ts';
import { tags } from './tags.ts';

/** An OpenAPI 3.1 document. */
export type ApiDescription = ReturnType<typeof createDocument>;

const JSON_TYPE = 'application/json';
const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

/**
 * The description of all operations as an OpenAPI 3.1 document. `problemsUrl` is where the codes of problems are explained.
 * A problem answer of the same status and codes is described once.
 */
export function describeApi(
  operations: readonly OperationForm[],
  version: string,
  problemsUrl: string,
): ApiDescription {
  const problems = new ProblemAnswers(problemsUrl);
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations.toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : 1))) {
    const item = (paths[operation.path] ??= {});
    if (operation.method in item) throw new TypeError(`${operation.method} ${operation.path} is described twice`);
    item[operation.method] = operationOf(operation, problems);
  }
  const used = new Set(operations.map(({ tag }) => tag));
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: { ...info, version },
    servers: [{ url: '/', description: 'The host that was asked: a tenant’s, or the installation’s own.' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: { Problem: problemSchema },
      responses: problems.components,
      headers,
      parameters,
      securitySchemes,
    },
  };
  const described = createDocument(document, {
    reused: 'inline',
    override: ({ jsonSchema }) => {
      // One choice is none: zod writes a union of one kind, as there is where further kinds are to come.
      const [only, ...others] = jsonSchema.oneOf ?? [];
      if (only === undefined || others.length > 0) return;
      delete jsonSchema.oneOf;
      Object.assign(jsonSchema, only);
    },
  });
  explainNouns(described.components?.schemas ?? {});
  explainFields(described.components?.schemas);
  explainFields(described.paths);
  return described;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** By address, then in the usual order of methods. */
const placeOf = ({ path, method }: OperationForm): string => `${path} ${METHODS.indexOf(method)}`;

/** The components of problem answers, each named by its status and, from the second on, a number. */
class ProblemAnswers {
  readonly components: Record<string, ZodOpenApiResponseObject> = {};
  readonly #names = new Map<string, string>();
  readonly #problemsUrl: string;

  constructor(problemsUrl: string) {
    this.#problemsUrl = problemsUrl;
  }

  /** A reference to the answer with one of these codes. */
  named(status: number, codes: readonly string[]) {
    const key = `${status} ${codes.join(' ')}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      const others = [...this.#names.values()].filter((each) => each.startsWith(`Problem${status}`)).length;
      name = others === 0 ? `Problem${status}` : `Problem${status}n${others + 1}`;
      this.#names.set(key, name);
      this.components[name] = this.#answer(status, codes);
    }
    return ref('responses', name);
  }

  #answer(status: number, codes: readonly string[]): ZodOpenApiResponseObject {
    const titleOf = (code: string): string => problemCatalogue().get(code)?.title ?? code;
    const schema = {
      allOf: [
        ref('schemas', 'Problem'),
        { type: 'object' as const, properties: { status: { const: status }, code: { enum: [...codes] } } },
      ],
    };
    const examples = Object.fromEntries(
      codes.map((code) => {
        const value = { type: `${this.#problemsUrl}#${code}`, title: titleOf(code), status };
        return [code, { value: { ...value, instance: 'urn:request:req_01J9Z3K4M5N6P7Q8R9S0T1V2W3', code } }];
      }),
    );
    return {
      description: codes.map((code) => `\`${code}\`: ${titleOf(code)}.`).join('\n\n'),
      headers: {
        ...everyHeader,
        ...(status === 429 || status === 503 ? { 'Retry-After': ref('headers', 'RetryAfter') } : {}),
      },
      content: { 'application/problem+json': { schema, examples } },
    };
  }
}

const everyHeader = {
  'X-Request-Id': ref('headers', 'RequestId'),
  Traceparent: ref('headers', 'Traceparent'),
};
const limitHeaders = {
  RateLimit: ref('headers', 'RateLimit'),
  'RateLimit-Policy': ref('headers', 'RateLimitPolicy'),
  'Cascade-Impersonated-By': ref('headers', 'ImpersonatedBy'),
};

function operationOf(operation: OperationForm, problems: ProblemAnswers): ZodOpenApiOperationObject {
  const { id, tag, summary, params, query, need } = operation;
  const requestBody = bodyOf(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: descriptionOf(operation),
    'x-cascade-host': operation.on,
    'x-cascade-need': isRight(need) ? `${need.action} ${need.resource}` : need,
    security: securityOf(need, operation),
    ...(operation.isIdempotent === true && { parameters: [ref('parameters', 'IdempotencyKey')] }),
    requestParams: {
      ...(params !== undefined && { path: params }),
      ...(query !== undefined && { query }),
      ...(operation.headers !== undefined && { header: operation.headers }),
    },
    ...(requestBody !== undefined && { requestBody }),
    responses: answersOf(operation, problems),
  };
}

function bodyOf({ body, bodyTypes }: OperationForm): ZodOpenApiOperationObject['requestBody'] {
  if (body === undefined) return undefined;
  if (body !== 'bytes') return { required: true, content: { [JSON_TYPE]: { schema: body } } };
  const types = bodyTypes ?? ['application/octet-stream'];
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema: {} }])) };
}

function answersOf(operation: OperationForm, problems: ProblemAnswers): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, schema] of Object.entries(operation.answers)) {
    responses[status as `${1 | 2 | 3 | 4 | 5}${string}`] = {
      description: schema === null ? 'Done; there is nothing to say.' : (schema.description ?? 'What was asked for.'),
      headers: { ...everyHeader, ...limitHeaders, ...(operation.isIdempotent === true && replayed) },
      ...(schema !== null && { content: contentOf(operation, schema) }),
    };
  }
  for (const [status, codes] of problemsByStatus(operation)) {
    const key = String(status) as `${4 | 5}${string}`;
    responses[key] ??= problems.named(status, codes);
  }
  return responses;
}

const replayed = { 'Idempotent-Replayed': ref('headers', 'IdempotentReplayed') };

function contentOf({ contentType }: OperationForm, schema: z.ZodType) {
  const types = (contentType ?? JSON_TYPE).split(',').map((each) => each.split(';')[0]?.trim() ?? each);
  return Object.fromEntries(
    types.map((type) => [type, { schema: type === JSON_TYPE ? schema : { type: 'string' as const } }]),
  );
}

const NEED_WORDS = {
  public: 'Anybody may ask.',
  signed: 'Who signs with the secret of the source.',
  signed_in: 'Whoever is signed in, on what is his own.',
  operator_token: 'Who has the operator’s token.',
} as const;

function descriptionOf(operation: OperationForm): string {
  const { need, on, description, needsStepUp } = operation;
  const who = isRight(need) ? `Whoever the table of rights lets ${need.action} ${need.resource}.` : NEED_WORDS[need];
  const where = { tenant: 'On a tenant’s host.', bare: 'On the installation’s own host.', both: 'On any host.' }[on];
  const fresh = needsStepUp === true ? ' The second factor must have been given within the last 5 minutes.' : '';
  return `${description === undefined ? '' : `${description}\n\n`}**Who:** ${who}${fresh} **Where:** ${where}`;
}

function securityOf(need: Need, { readsCookie }: OperationForm): Record<string, string[]>[] {
  if (need === 'signed') return [{ feedSignature: [] }];
  if (need === 'operator_token') return [{ operatorToken: [] }, { operatorPassword: [] }];
  if (need === 'public') return readsCookie === true ? [{ refreshCookie: [] }] : [];
  return isRight(need) ? [{ accessToken: [] }, { apiKey: [] }] : [{ accessToken: [] }];
}
