import type { ZodOpenApiObject } from 'zod-openapi';

type Components = NonNullable<ZodOpenApiObject['components']>;

/** What is said of the API as a whole. */
export const info = {
  title: 'Cascade',
  summary: 'Brokers, introducing brokers, trades and what they earn.',
  description: `Everything people and programs do with Cascade. The host name says whose data are asked for:
\`acme.example.com\` is the broker \`acme\`; the installation's own host is for platform operators.

**Sign in** with \`POST /api/v1/auth/login\`, and send the \`accessToken\` of the answer as \`Authorization: Bearer …\`. It
holds for ten minutes; \`POST /api/v1/auth/refresh\` gives the next one by an HttpOnly cookie.

**Amounts** are exact decimal texts with their currency, **times** are ISO 8601 in UTC, **ids** begin with their kind.
**Lists** take \`limit\`, \`cursor\` and \`sort\` and answer \`data\` and \`nextCursor\`. What is not yours and what is not
there answer alike. **Errors** are RFC 9457 problems with a stable \`code\`. A request that moves money carries an
\`Idempotency-Key\`. Whoever asks too often gets 429 with \`Retry-After\`.`,
  license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
};

/** RFC 9457, section 3, with the code that is stable. */
export const problemSchema = {
  type: 'object' as const,
  description: 'What went wrong (RFC 9457). Programs decide by `code`, which never changes.',
  required: ['type', 'title', 'status', 'instance', 'code'],
  properties: {
    type: {
      type: 'string' as const,
      format: 'uri-reference',
      description: 'Where the code is explained, as seen from the host that was asked.',
    },
    title: { type: 'string' as const, description: 'The sentence of the code; always the same.' },
    status: { type: 'integer' as const, minimum: 400, maximum: 599, description: 'The status of the answer.' },
    detail: { type: 'string' as const, description: 'What was wrong this time, for people.' },
    instance: { type: 'string' as const, description: 'The request, as a URN: quote it when you ask for help.' },
    code: { type: 'string' as const, pattern: '^[a-z]+\\.[a-z0-9_]+$', description: 'The stable code.' },
    errors: {
      type: 'array' as const,
      maxItems: 20,
      description: 'Each field that was not as it should be.',
      items: {
        type: 'object' as const,
        required: ['path', 'message'],
        additionalProperties: false,
        properties: {
          path: { type: 'string' as const, description: 'The field; parts joined by dots.' },
          message: { type: 'string' as const, description: 'What is wrong with it. Never the value.' },
        },
      },
    },
  },
};

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const },
  example,
});

export const headers: NonNullable<Components['headers']> = {
  RequestId: text(
    'The id of the request: the caller’s own X-Request-Id, or a new one.',
    'req_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  ),
  Traceparent: text(
    'The trace that the request belongs to (W3C Trace Context).',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ),
  RateLimit: text(
    'What is left of each limit, and in how many seconds it is full again (draft-ietf-httpapi-ratelimit-headers).',
    '"caller";r=1187;t=42',
  ),
  RateLimitPolicy: text('The limits that were counted against: requests `q` in `w` seconds.', '"caller";q=1200;w=60'),
  RetryAfter: text('In how many seconds to try again.', '2'),
  ImpersonatedBy: text(
    'Only where staff looks through the eyes of the person whose token it is: the id of who looks.',
    'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
  ),
  IdempotentReplayed: text('`true` where this is the stored answer to an earlier request with the same key.', 'true'),
};

export const parameters: NonNullable<Components['parameters']> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    description:
      'A text that is yours alone and new for each act, such as a UUID. Sent again with the same body it gives the stored ' +
      'answer and does nothing; with another body it is refused. Kept for 7 days.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    example: '6f1b9a52-3c0e-4a52-9d0f-6f7f6c1e2a11',
  },
};

export const securitySchemes: NonNullable<Components['securitySchemes']> = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The `accessToken` of signing in. It belongs to one host and holds for ten minutes.',
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'The key of a program, `csk_…`, in place of an access token. It reaches what its scopes say.',
  },
  refreshCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'cascade_refresh',
    description:
      'The cookie that signing in sets, over TLS with the prefix `__Host-`. No script can read it, and no other site can use it.',
  },
  feedSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'Cascade-Signature',
    description:
      '`v1=<hex>`: HMAC-SHA-256 over `timestamp.nonce.batch.sha256hex(body as sent)` with the secret of the source.',
  },
  operatorToken: { type: 'http', scheme: 'bearer', description: 'The installation’s token (CASCADE_OPERATOR_TOKEN).' },
  operatorPassword: {
    type: 'http',
    scheme: 'basic',
    description: 'The same token as the password of any user, for browsers.',
  },
};
