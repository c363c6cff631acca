import { runOk, tool } from '../tools.ts';
import type { CertificateSpec } from './certificates.ts';

export type Format = 'jws' | 'cose';

export const mediaTypes: Readonly<Record<Format, string>> = { jws: 'application/jose+json', cose: 'application/cose' };

export interface Target {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

export interface Attribute {
  readonly key: string;
  readonly value: unknown;
  readonly critical: boolean;
}

/** What notation-core-go is to sign, or notation-go where `image` names one in a registry. Times are milliseconds since 1970. */
export interface SignRequest {
  readonly format: Format;
  /** The signer's first, to be made; or those that were, with the signer's key. */
  readonly certificates?: readonly CertificateSpec[];
  readonly chain?: readonly string[];
  readonly key?: string;
  readonly target?: Target;
  readonly image?: string;
  /** Of an image without one: by notation's own signer, which signs with `notary.x509` and the time. */
  readonly scheme?: string;
  readonly signingTime?: number;
  readonly expiry?: number;
  readonly extended?: readonly Attribute[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** URL of a time-stamp authority, with its roots in PEM. */
  readonly tsa?: string;
  readonly tsaRoots?: string;
  /** What responders are to say, by the beginning of their URLs. */
  readonly responders?: Readonly<Record<string, RevocationSpec>>;
}

/** An OCSP answer or a CRL by the certificate at `issuer`. Times are milliseconds since 1970. */
export interface RevocationSpec {
  readonly kind: 'ocsp' | 'crl';
  readonly issuer: number;
  /** The certificate that it is about. */
  readonly about: number;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Who signs an OCSP answer for the issuer, which does it itself without: one that may, has expired, or is for another purpose. */
  readonly delegate?: 'good' | 'expired' | 'purpose';
}

/** What was signed, with what it takes to sign again. */
export interface Made {
  readonly format: Format;
  readonly envelope: Buffer;
  /** PEM each, the signer's first. */
  readonly chain: readonly string[];
  /** The signer's, PKCS #8 in PEM. */
  readonly key: string;
  /** SHA-384 of each TBSCertificate, in hex. */
  readonly hashes: readonly string[];
  /** What the responders say, DER. */
  readonly responders: Readonly<Record<string, Buffer>>;
}

export interface VerifyRequest {
  readonly envelope?: Buffer;
  readonly mediaType?: string;
  readonly target?: Target;
  /** `host/repository@digest`. */
  readonly reference: string;
  /** Whether what is attached to the image is verified instead of an envelope. */
  readonly attached?: boolean;
  /** A trust policy document. */
  readonly policy: object;
  /** PEM by `type:name`. */
  readonly stores: Readonly<Record<string, string>>;
  readonly responders?: Readonly<Record<string, Buffer>>;
}

export interface Verified {
  /** Empty: it is verified. */
  readonly error: string;
  /** `policy` where the trust policy is not one. */
  readonly at: 'policy' | 'verify';
  readonly results?: readonly { readonly type: string; readonly action: string; readonly error?: string }[];
  /** Of one verification. */
  readonly nanoseconds?: number;
}

interface SignAnswer {
  readonly envelope?: string;
  readonly chain: readonly string[];
  readonly key: string;
  readonly hashes: readonly string[];
  readonly responders?: Readonly<Record<string, string>>;
  readonly error?: string;
}

/** Has all signed, each key and each certificate being made once for all of them. Throws what the signer says. */
export async function signAll(requests: readonly SignRequest[]): Promise<readonly Made[]> {
  const answers = (await ask('sign', requests)) as readonly SignAnswer[];
  return answers.map(({ envelope = '', chain, key, hashes, responders = {}, error }, index): Made => {
    const request = requests[index];
    if (error !== undefined || request === undefined) throw new Error(`request ${index}: ${error}`);
    const answered = Object.entries(responders).map(([url, der]) => [url, Buffer.from(der, 'base64')] as const);
    const { format } = request;
    return {
      format,
      envelope: Buffer.from(envelope, 'base64'),
      chain,
      key,
      hashes,
      responders: Object.fromEntries(answered),
    };
  });
}

/** What notation-go says of each. `times`: how often each is verified, to measure it. */
export async function verifyAll(requests: readonly VerifyRequest[], times = 0): Promise<readonly Verified[]> {
  const lines = requests.map(({ envelope, responders = {}, ...rest }) => ({
    ...rest,
    envelope: envelope?.toString('base64'),
    responders: Object.fromEntries(Object.entries(responders).map(([url, der]) => [url, der.toString('base64')])),
  }));
  return (await ask('verify', lines, times === 0 ? [] : ['-times', String(times)])) as readonly Verified[];
}

async function ask(what: string, requests: readonly object[], args: readonly string[] = []): Promise<unknown[]> {
  const input = requests.map((each) => `${JSON.stringify(each)}\n`).join('');
  const { stdout } = await runOk(await tool('notary'), [what, ...args], { input, timeout: 240_000 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}
