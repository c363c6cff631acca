import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunResult, run, runOk, tool } from './tools.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa-2048' | 'ed25519';

/** A key pair as cosign keeps it: the private key encrypted (with an empty password), the public key as SPKI in PEM. */
export interface CosignKey {
  algorithm: KeyAlgorithm;
  /** Path of the private key. */
  privateKey: string;
  /** Path of the public key. */
  publicKey: string;
  /** The public key itself. */
  pem: string;
}

export interface SignOptions {
  /** `-a name=value`: claims inside the signature. */
  annotations?: Record<string, string>;
  /** COSIGN_REPOSITORY: the repository, with its registry, that holds the signature instead of the image's own. */
  repository?: string;
  /** Signs an index's images as well. */
  recursive?: boolean;
  /** cosign 2 only: its signature as a referrer (`--registry-referrers-mode=oci-1-1`) instead of in the tag. */
  asReferrer?: boolean;
}

export interface AttestOptions {
  /** A predicate type's URI, or cosign's short name for one. */
  type: string;
  predicate: unknown;
  repository?: string;
}

export interface VerifyOptions {
  annotations?: Record<string, string>;
  repository?: string;
  /** For `verifyAttestation2` and `verifyAttestation3`: the type that must be there. */
  type?: string;
}

/**
 * Makes a key pair in the files `name.key` and `name.pub` of `dir`: cosign's own kind for P-256, the others from node:crypto,
 * imported into cosign.
 */
export async function keyPair(dir: string, algorithm: KeyAlgorithm, name: string = algorithm): Promise<CosignKey> {
  await mkdir(dir, { recursive: true });
  const prefix = join(dir, name);
  if (algorithm === 'ecdsa-p256') {
    await cosignOk('cosign3', ['generate-key-pair', '--output-key-prefix', prefix]);
  } else {
    const plain = `${prefix}.plain.pem`;
    await writeFile(plain, privateKeyPem(algorithm), { mode: 0o600 });
    await cosignOk('cosign3', ['import-key-pair', '--yes', '--key', plain, '--output-key-prefix', prefix]);
  }
  const publicKey = `${prefix}.pub`;
  return { algorithm, privateKey: `${prefix}.key`, publicKey, pem: await readFile(publicKey, 'utf8') };
}

function privateKeyPem(algorithm: Exclude<KeyAlgorithm, 'ecdsa-p256'>): string {
  const encoding = { type: 'pkcs8', format: 'pem' } as const;
  switch (algorithm) {
    case 'ecdsa-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(encoding).toString();
    case 'ecdsa-p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey.export(encoding).toString();
    case 'rsa-2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(encoding).toString();
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey.export(encoding).toString();
  }
}

/** cosign 2's own way: a signature in the tag `sha256-<hex>.sig`; a second one is a second layer. No transparency log. */
export async function sign2(reference: string, key: CosignKey, options: SignOptions = {}): Promise<void> {
  const args = signArguments(reference, key, options);
  if (options.asReferrer !== true) await cosignOk('cosign2', args, options.repository);
  else {
    const env = { COSIGN_PASSWORD: '', COSIGN_EXPERIMENTAL: '1' };
    await runOk(await tool('cosign2'), [...args, '--registry-referrers-mode', 'oci-1-1'], { env });
  }
}

/** cosign 3's own way: a Sigstore bundle as a referrer, or listed in the tag `sha256-<hex>`. No transparency log. */
export async function sign3(reference: string, key: CosignKey, options: SignOptions = {}): Promise<void> {
  const args = [...signArguments(reference, key, options), '--use-signing-config=false'];
  await cosignOk('cosign3', args, options.repository);
}

/** cosign 2's own way: a DSSE envelope in the tag `sha256-<hex>.att`. */
export async function attest2(reference: string, key: CosignKey, options: AttestOptions): Promise<void> {
  await cosignOk('cosign2', attestArguments(reference, key, options), options.repository, options.predicate);
}

/** cosign 3's own way: a Sigstore bundle as a referrer. */
export async function attest3(reference: string, key: CosignKey, options: AttestOptions): Promise<void> {
  const args = [...attestArguments(reference, key, options), '--use-signing-config=false'];
  await cosignOk('cosign3', args, options.repository, options.predicate);
}

/** Asks cosign 2 about the `.sig` tag. Exit status 0: a signature is there that the key made. */
export function verify2(reference: string, key: CosignKey, options: VerifyOptions = {}): Promise<RunResult> {
  return cosign('cosign2', verifyArguments('verify', reference, key, options), options.repository);
}

/**
 * Asks cosign 3 about the bundles, or about the `.sig` tag when there is no bundle. It lets an attestation pass as a signature,
 * so a passing answer is no proof that a signature exists.
 */
export function verify3(reference: string, key: CosignKey, options: VerifyOptions = {}): Promise<RunResult> {
  return cosign('cosign3', verifyArguments('verify', reference, key, options), options.repository);
}

export function verifyAttestation2(reference: string, key: CosignKey, options: VerifyOptions): Promise<RunResult> {
  return cosign('cosign2', verifyArguments('verify-attestation', reference, key, options), options.repository);
}

export function verifyAttestation3(reference: string, key: CosignKey, options: VerifyOptions): Promise<RunResult> {
  return cosign('cosign3', verifyArguments('verify-attestation', reference, key, options), options.repository);
}

function signArguments(reference: string, key: CosignKey, options: SignOptions): string[] {
  return [
    'sign',
    ...offline(key),
    ...claims(options.annotations),
    ...(options.recursive === true ? ['--recursive'] : []),
    reference,
  ];
}

/** The predicate comes through stdin. */
function attestArguments(reference: string, key: CosignKey, options: AttestOptions): string[] {
  return ['attest', ...offline(key), '--type', options.type, '--predicate', '-', reference];
}

function offline(key: CosignKey): string[] {
  return ['--key', key.privateKey, '--tlog-upload=false', '--yes'];
}

function verifyArguments(
  command: 'verify' | 'verify-attestation',
  reference: string,
  key: CosignKey,
  options: VerifyOptions,
): string[] {
  return [
    command,
    '--key',
    key.publicKey,
    '--insecure-ignore-tlog=true',
    '--output',
    'json',
    // Left alone, cosign verifies with SHA-256 what it has itself signed with the curve's own hash.
    ...(command === 'verify' ? ['--signature-digest-algorithm', digestAlgorithm(key.algorithm)] : []),
    ...(options.type === undefined ? [] : ['--type', options.type]),
    ...claims(options.annotations),
    reference,
  ];
}

function digestAlgorithm(algorithm: KeyAlgorithm): 'sha256' | 'sha384' | 'sha512' {
  if (algorithm === 'ecdsa-p384') return 'sha384';
  return algorithm === 'ecdsa-p521' || algorithm === 'ed25519' ? 'sha512' : 'sha256';
}

function claims(annotations: Record<string, string> = {}): string[] {
  return Object.entries(annotations).flatMap(([name, value]) => ['-a', `${name}=${value}`]);
}

async function cosign(
  version: 'cosign2' | 'cosign3',
  args: string[],
  repository?: string,
  input?: unknown,
): Promise<RunResult> {
  return run(await tool(version), args, settings(repository, input));
}

async function cosignOk(
  version: 'cosign2' | 'cosign3',
  args: string[],
  repository?: string,
  input?: unknown,
): Promise<RunResult> {
  return runOk(await tool(version), args, settings(repository, input));
}

function settings(repository: string | undefined, input: unknown) {
  return {
    env: { COSIGN_PASSWORD: '', ...(repository === undefined ? {} : { COSIGN_REPOSITORY: repository }) },
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
  };
}
