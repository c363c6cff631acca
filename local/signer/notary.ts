import { constants, createHash, type KeyObject, sign } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import type { NotaryAlgorithm, NotaryScheme } from '../../shared/evidence/notary-signature/attributes.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { type Attached, attachReferrer, describe } from './attach.ts';
import type { Destination } from './destination.ts';
import { goJson, goTime, sorted } from './go-json.ts';

/** Names and media types of the Notary Project (signature-specification.md). */
export const notary = {
  artifactType: 'application/vnd.cncf.notary.signature',
  jws: 'application/jose+json',
  cose: 'application/cose',
  payload: 'application/vnd.cncf.notary.payload.v1+json',
  thumbprints: 'io.cncf.notary.x509chain.thumbprint#S256',
  plugin: 'io.cncf.notary.verificationPlugin',
  pluginVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const;

/** Who signs: a key of RSA (2048, 3072, 4096 bits) or ECDSA (P-256, P-384, P-521), and DER of its certificate and those above it. */
export interface NotarySigner {
  readonly privateKey: KeyObject;
  /** The signer's first, the root last. */
  readonly chain: readonly Uint8Array[];
}

/** What is signed of an artifact. */
export interface NotaryArtifact {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A header of an envelope: by name in JWS, by name or number in COSE. */
export type NotaryHeader = Map<string | number, unknown>;

export interface NotaryAttribute {
  readonly name: string | number;
  readonly value: unknown;
  readonly critical?: boolean;
}

export interface EnvelopeRequest {
  readonly signer: NotarySigner;
  readonly artifact: NotaryArtifact;
  readonly format?: 'jws' | 'cose';
  readonly scheme?: NotaryScheme;
  /** Written in whole seconds. */
  readonly signedAt: Date;
  readonly expiry?: Date;
  /** The user's metadata: `notation sign --user-metadata`. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Extended attributes. */
  readonly attributes?: readonly NotaryAttribute[];
  /** DER of a TimeStampToken over the signature. */
  readonly timestamp?: (signature: Uint8Array) => Uint8Array;
  readonly changes?: EnvelopeChanges;
}

/** How an envelope departs from what it should be. What is changed before it is signed is signed. */
export interface EnvelopeChanges {
  /** The protected header, as names and values; in COSE a time is a `Tagged`. */
  readonly signed?: (header: NotaryHeader) => NotaryHeader | undefined;
  /** The bytes of the protected header. */
  readonly signedBytes?: (bytes: Buffer) => Buffer;
  /** The whole payload. */
  readonly payload?: Uint8Array;
  /** The header that is not signed. */
  readonly unsigned?: (header: NotaryHeader) => NotaryHeader | undefined;
  readonly signature?: (signature: Buffer) => Buffer;
  /** Of JWS its members; of COSE the value within its tag, and the tag. */
  readonly jws?: (members: Record<string, unknown>) => unknown;
  readonly cose?: (parts: unknown[]) => unknown;
}

/** A time as COSE has it. */
export const coseTime = (at: Date): unknown => new Tagged(1, Math.floor(at.getTime() / 1000));

const labels = { PS256: -37, PS384: -38, PS512: -39, ES256: -7, ES384: -35, ES512: -36 } as const;

/** The algorithm that goes with a key (signature specification, "Signature Algorithm Requirements"). Throws for any other key. */
export function notaryAlgorithm({ asymmetricKeyDetails: details }: KeyObject): NotaryAlgorithm {
  const byLength: Readonly<Record<number, NotaryAlgorithm>> = { 2048: 'PS256', 3072: 'PS384', 4096: 'PS512' };
  const byCurve: Readonly<Record<string, NotaryAlgorithm>> = {
    prime256v1: 'ES256',
    secp384r1: 'ES384',
    secp521r1: 'ES512',
  };
  const algorithm = byLength[details?.modulusLength ?? 0] ?? byCurve[details?.namedCurve ?? ''];
  if (algorithm === undefined) throw new Error('the Notary Project signs with no such key');
  return algorithm;
}

/** PSS with a salt as long as the hash, or ECDSA as two numbers of equal length. */
export function notarySignature(
  privateKey: KeyObject,
  message: Uint8Array,
  algorithm = notaryAlgorithm(privateKey),
): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  return algorithm.startsWith('PS')
    ? sign(hash, message, {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      })
    : sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
}

/** An envelope as notation writes it, unless it is changed. */
export function notaryEnvelope(request: EnvelopeRequest): Buffer {
  return request.format === 'cose' ? coseEnvelope(request) : jwsEnvelope(request);
}

function jwsEnvelope(request: EnvelopeRequest): Buffer {
  const { signer, changes = {}, timestamp } = request;
  const algorithm = notaryAlgorithm(signer.privateKey);
  const header = protectedHeader(
    request,
    { algorithm: 'alg', critical: 'crit', contentType: 'cty' },
    algorithm,
    goTime,
  );
  const signedBytes = Buffer.from(goJson(sorted(Object.fromEntries(header))));
  const encoded = (changes.signedBytes?.(signedBytes) ?? signedBytes).toString('base64url');
  const payload = Buffer.from(changes.payload ?? payloadOf(request)).toString('base64url');
  const made = notarySignature(signer.privateKey, Buffer.from(`${encoded}.${payload}`));
  const signature = changes.signature?.(made) ?? made;
  const unsigned: NotaryHeader = new Map<string | number, unknown>([
    ['x5c', signer.chain.map((each) => Buffer.from(each).toString('base64'))],
    ...(timestamp === undefined
      ? []
      : [['io.cncf.notary.timestampSignature', Buffer.from(timestamp(made)).toString('base64')] as const]),
    ['io.cncf.notary.signingAgent', 'countersign-local-signer/1.0.0'],
  ]);
  const members = {
    payload,
    protected: encoded,
    header: Object.fromEntries(changes.unsigned?.(unsigned) ?? unsigned),
    signature: signature.toString('base64url'),
  };
  const envelope = changes.jws?.(members) ?? members;
  return envelope instanceof Uint8Array ? Buffer.from(envelope) : Buffer.from(goJson(envelope));
}

function coseEnvelope(request: EnvelopeRequest): Buffer {
  const { signer, changes = {}, timestamp } = request;
  const algorithm = labels[notaryAlgorithm(signer.privateKey)];
  const header = protectedHeader(request, { algorithm: 1, critical: 2, contentType: 3 }, algorithm, coseTime);
  const signedBytes = Buffer.from(encode(header));
  const encoded = changes.signedBytes?.(signedBytes) ?? signedBytes;
  const payload = Buffer.from(changes.payload ?? payloadOf(request));
  const message = encode(['Signature1', plain(encoded), new Uint8Array(0), plain(payload)]);
  const made = notarySignature(signer.privateKey, message);
  const signature = changes.signature?.(made) ?? made;
  const unsigned: NotaryHeader = new Map<string | number, unknown>([
    [33, signer.chain.map(plain)],
    ...(timestamp === undefined ? [] : [['io.cncf.notary.timestampSignature', plain(timestamp(made))] as const]),
    ['io.cncf.notary.signingAgent', 'countersign-local-signer/1.0.0'],
  ]);
  const parts = [plain(encoded), changes.unsigned?.(unsigned) ?? unsigned, plain(payload), plain(signature)];
  const envelope = changes.cose?.(parts) ?? new Tagged(18, parts);
  return Buffer.from(envelope instanceof Uint8Array ? envelope : encode(envelope));
}

function protectedHeader(
  { scheme = 'notary.x509', signedAt, expiry, attributes = [], changes = {} }: EnvelopeRequest,
  names: Readonly<Record<'algorithm' | 'critical' | 'contentType', string | number>>,
  algorithm: string | number,
  time: (at: Date) => unknown,
): NotaryHeader {
  const isAuthority = scheme === 'notary.x509.signingAuthority';
  const header: NotaryHeader = new Map<string | number, unknown>([
    [names.algorithm, algorithm],
    [
      names.critical,
      [
        'io.cncf.notary.signingScheme',
        ...(isAuthority ? ['io.cncf.notary.authenticSigningTime'] : []),
        ...(expiry === undefined ? [] : ['io.cncf.notary.expiry']),
        ...attributes.filter(({ critical }) => critical === true).map(({ name }) => name),
      ],
    ],
    [names.contentType, notary.payload],
    ['io.cncf.notary.signingScheme', scheme],
    [isAuthority ? 'io.cncf.notary.authenticSigningTime' : 'io.cncf.notary.signingTime', time(signedAt)],
    ...(expiry === undefined ? [] : [['io.cncf.notary.expiry', time(expiry)] as const]),
    ...attributes.map(({ name, value }) => [name, value] as const),
  ]);
  return changes.signed?.(header) ?? header;
}

function payloadOf({ artifact, annotations }: EnvelopeRequest): Buffer {
  const { mediaType, digest, size } = artifact;
  const extra = annotations === undefined ? {} : { annotations: sorted(annotations) };
  return Buffer.from(goJson({ targetArtifact: { mediaType, digest, size, ...extra } }));
}

/** cborg takes a Buffer for a list of numbers. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export interface NotaryRequest extends Omit<EnvelopeRequest, 'artifact'> {
  /** The image's repository, without host. */
  readonly repository: string;
  /** The image, or index, to sign. */
  readonly digest: Digest;
  /** The repository in which the signature is stored; the image's own by default. */
  readonly storeIn?: string;
  /** Attacks: what is signed instead of what the image is. */
  readonly claim?: Partial<NotaryArtifact>;
  /** How the manifest says what it is: by its artifact type, or as it was done before there was one, by its config. */
  readonly manifest?: 'artifact' | 'legacy';
}

/** Signs an image as `notation sign` does. Returns where the signature is. */
export async function signNotary(destination: Destination, request: NotaryRequest): Promise<Attached> {
  const { repository, digest, storeIn = repository, claim = {}, manifest = 'artifact', ...rest } = request;
  const subject = await describe(destination, repository, digest);
  const bytes = notaryEnvelope({ ...rest, artifact: { ...subject, ...claim } });
  return attachNotary(destination, { storeIn, subject, bytes, manifest, ...rest });
}

export interface AttachRequest extends Pick<EnvelopeRequest, 'signer' | 'format' | 'signedAt'> {
  readonly storeIn: string;
  readonly subject: Parameters<typeof attachReferrer>[2];
  readonly bytes: Uint8Array;
  readonly manifest: 'artifact' | 'legacy';
}

/** Attaches an envelope to an image. */
export function attachNotary(
  destination: Destination,
  { storeIn, subject, bytes, manifest, signer, signedAt, format = 'jws' }: AttachRequest,
): Promise<Attached> {
  const thumbprints = signer.chain.map((each) => createHash('sha256').update(each).digest('hex'));
  return attachReferrer(
    destination,
    storeIn,
    subject,
    { mediaType: notary[format], bytes },
    {
      artifactType: notary.artifactType,
      config: manifest === 'legacy' ? 'type' : 'empty',
      annotations: {
        [notary.thumbprints]: JSON.stringify(thumbprints),
        'org.opencontainers.image.created': goTime(signedAt),
      },
    },
  );
}

export interface NotaryStatement {
  /** The image's repository, without host. */
  readonly repository: string;
  /** The image that it is about. */
  readonly digest: Digest;
  /** The artifact type. */
  readonly type: string;
  /** What it states: JSON. */
  readonly predicate: Uint8Array;
  /** The repository in which it is stored; the image's own by default. */
  readonly storeIn?: string;
}

/** Attaches a statement that nobody signed, as `oras attach --artifact-type TYPE` does. */
export async function attachStatement(
  destination: Destination,
  { repository, digest, type, predicate, storeIn = repository }: NotaryStatement,
): Promise<Attached> {
  const subject = await describe(destination, repository, digest);
  const layer = { mediaType: 'application/json', bytes: predicate };
  return attachReferrer(destination, storeIn, subject, layer, { artifactType: type, config: 'empty' });
}

/** The same, signed as `notation sign` signs it: the signature refers to the statement's manifest. */
export async function attestNotary(
  destination: Destination,
  request: NotaryStatement & Omit<NotaryRequest, 'repository' | 'digest' | 'storeIn'>,
): Promise<Attached> {
  const { repository, digest, type, predicate, storeIn = repository, ...rest } = request;
  const attached = await attachStatement(destination, { repository, digest, type, predicate, storeIn });
  await signNotary(destination, { ...rest, repository: storeIn, digest: attached.manifest });
  return attached;
}
