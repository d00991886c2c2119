import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** What may be made wrong about an answer of the authenticator. */
export type Tampering = {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly counter?: number;
  readonly isUserVerified?: boolean;
  readonly userHandle?: string | null;
  readonly signature?: (signature: Buffer) => Buffer;
};

type Credential = {
  readonly id: Buffer;
  readonly rpId: string;
  readonly userHandle: string;
  readonly privateKey: KeyObject;
  counter: number;
};

const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest();
const base64url = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64url');

/** The few forms of CBOR (RFC 8949) that an authenticator writes. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, each]) => [cbor(key), cbor(each)])]);
  throw new TypeError('this authenticator does not write that');
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.of((major << 5) | argument);
  if (argument < 256) return Buffer.of((major << 5) | 24, argument);
  return Buffer.of((major << 5) | 25, argument >> 8, argument & 255);
}

const USER_PRESENT = 1;
const USER_VERIFIED = 4;
const ATTESTED = 64;

/**
 * An authenticator as WebAuthn Level 3 describes it (sections 6.1, 6.5, 7), with a browser around it: P-256 keys, discoverable
 * credentials, a counter, no attestation. It does what it is asked, and wrongly where a test says so.
 */
export class SoftwareAuthenticator {
  readonly #credentials: Credential[] = [];
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Makes a passkey for creation options. */
  create(
    options: {
      readonly challenge: string;
      readonly rp: { readonly id: string };
      readonly user: { readonly id: string };
    },
    tampering: Tampering = {},
  ) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const credential: Credential = {
      id: randomBytes(32),
      rpId: options.rp.id,
      userHandle: options.user.id,
      privateKey,
      counter: 0,
    };
    this.#credentials.push(credential);
    // COSE_Key of EC2 (RFC 9052, RFC 9053): kty 2, alg -7 (ES256), crv 1 (P-256), x, y.
    const key = cbor(
      new Map<number, number | Buffer>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, credential.id.length), credential.id, key]);
    const authData = Buffer.concat([this.#authData(credential, tampering, ATTESTED), attested]);
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]);
    return {
      id: base64url(credential.id),
      rawId: base64url(credential.id),
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, tampering),
        attestationObject: base64url(cbor(attestation)),
        transports: ['internal'],
      },
    };
  }

  /** Signs for request options by the newest passkey of the host that is asked for. */
  get(options: { readonly challenge: string; readonly rpId: string }, tampering: Tampering = {}) {
    const credential = this.#credentials.findLast(({ rpId }) => rpId === options.rpId);
    if (credential === undefined) throw new Error('this authenticator has no passkey for that host');
    credential.counter = tampering.counter ?? credential.counter + 1;
    const authData = this.#authData(credential, tampering, 0);
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, tampering);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const signature = createSign('sha256').update(signed).sign(credential.privateKey);
    const userHandle = tampering.userHandle === undefined ? credential.userHandle : tampering.userHandle;
    return {
      id: base64url(credential.id),
      rawId: base64url(credential.id),
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(tampering.signature?.(signature) ?? signature),
        userHandle,
      },
    };
  }

  #authData({ rpId, counter }: Credential, tampering: Tampering, flags: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | USER_PRESENT | (tampering.isUserVerified === false ? 0 : USER_VERIFIED));
    rest.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(tampering.rpId ?? rpId), rest]);
  }

  #clientData(type: string, challenge: string, tampering: Tampering): string {
    const said = {
      type: tampering.type ?? type,
      challenge: tampering.challenge ?? challenge,
      origin: tampering.origin ?? this.#origin,
      crossOrigin: false,
    };
    return base64url(JSON.stringify(said));
  }
}
