import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Leaf } from '../../fixtures/authority/ca.ts';
import type { CosignKey } from '../cosign.ts';
import { type RunResult, run, runOk, tool } from '../tools.ts';
import type { SigstoreFiles, SigstoreServer } from './server.ts';
import { githubToken, type TokenClaims, tokenOf } from './token.ts';

// Real cosigns with the services of a SigstoreServer. cosign 2 is told of each by flags and environment, cosign 3 by a signing
// configuration and a trusted root.

export type Cosign = 'cosign2' | 'cosign3';
export type Sigstore = Pick<SigstoreServer, 'url' | 'files'>;

export interface LoggedOptions {
  readonly annotations?: Record<string, string>;
  /** Whether it asks for a time stamp. */
  readonly stamped?: boolean;
  /** cosign 2 alone; in the log by default. */
  readonly logged?: boolean;
}

export interface AttestOptions extends LoggedOptions {
  readonly type: string;
  readonly predicate: unknown;
  /** cosign 3 alone: as cosign 2 does, in the `.att` tag. */
  readonly asBefore?: boolean;
}

/** By whom: a token's subject, or a key, with a certificate or without. */
export type SignedBy = { readonly claims: TokenClaims } | { readonly key: CosignKey; readonly certificate?: Certified };

/** Paths of a certificate, and of the CA's chain. */
export interface Certified {
  readonly certificate: string;
  readonly chain: string;
}

/** Signs an image, in the log. */
export async function signLogged(
  cosign: Cosign,
  sigstore: Sigstore,
  reference: string,
  by: SignedBy,
  options: LoggedOptions = {},
): Promise<void> {
  const args = ['sign', ...signerArguments(by), ...serviceArguments(cosign, sigstore, options)];
  const annotations = Object.entries(options.annotations ?? {}).flatMap(([name, value]) => ['-a', `${name}=${value}`]);
  await runOk(await tool(cosign), [...args, ...annotations, reference], { env: environment(cosign, sigstore.files) });
}

/** Signs an image with a certificate, in no log: so does who has a CA of their own and nothing else. */
export async function signUnlogged(
  cosign: Cosign,
  reference: string,
  by: { readonly key: CosignKey; readonly certificate: Certified },
): Promise<void> {
  const args = ['sign', ...signerArguments(by), '--tlog-upload=false'];
  const env = { COSIGN_PASSWORD: '' };
  await runOk(
    await tool(cosign),
    [...args, ...(cosign === 'cosign3' ? ['--use-signing-config=false'] : []), reference],
    {
      env,
    },
  );
}

/** Attests an image, in the log. */
export async function attestLogged(
  cosign: Cosign,
  sigstore: Sigstore,
  reference: string,
  by: SignedBy,
  options: AttestOptions,
): Promise<void> {
  const before = options.asBefore === true;
  const told = before ? 'cosign2' : cosign;
  const form = before ? ['--new-bundle-format=false', '--use-signing-config=false'] : [];
  const predicate = ['--type', options.type, '--predicate', '-', ...form];
  const args = ['attest', ...signerArguments(by), ...serviceArguments(told, sigstore, options), ...predicate];
  const input = JSON.stringify(options.predicate);
  await runOk(await tool(cosign), [...args, reference], { env: environment(told, sigstore.files), input });
}

/** Signs an image with a certificate for the claims, by default those of GitHub's workflow. */
export function keylessSign(
  cosign: Cosign,
  sigstore: Sigstore,
  reference: string,
  claims: TokenClaims = githubToken(),
  options: LoggedOptions = {},
): Promise<void> {
  return signLogged(cosign, sigstore, reference, { claims }, options);
}

export function keylessAttest(
  cosign: Cosign,
  sigstore: Sigstore,
  reference: string,
  options: AttestOptions,
  claims: TokenClaims = githubToken(),
): Promise<void> {
  return attestLogged(cosign, sigstore, reference, { claims }, options);
}

/** A certificate of the server's CA for a key of cosign's, in files of `dir`. */
export async function certify(
  { authority }: SigstoreServer,
  dir: string,
  key: CosignKey,
  leaf: Partial<Leaf>,
): Promise<Certified> {
  const spki = Buffer.from(key.pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const notBefore = new Date(Date.now() - 60_000);
  const made = authority.ca.issue({ spki, notBefore, notAfter: new Date(Date.now() + 600_000), ...leaf });
  const [certificate, chain] = [join(dir, 'signer.pem'), join(dir, 'signer_chain.pem')];
  await writeFile(certificate, made.pem);
  await writeFile(chain, authority.ca.chain.map(({ pem }) => pem).join(''));
  return { certificate, chain };
}

export interface Identity {
  /** The certificate's subject, */
  readonly subject: string;
  /** and the issuer of its token. */
  readonly issuer: string;
}

/** Asks a cosign whether somebody signed an image, by an identity or a key; with `type`, whether they attested it. */
export async function verifyLogged(
  cosign: Cosign,
  { files }: Pick<Sigstore, 'files'>,
  reference: string,
  who: Identity | CosignKey,
  { type, args: more = [] }: { readonly type?: string; readonly args?: readonly string[] } = {},
): Promise<RunResult> {
  const command = type === undefined ? ['verify'] : ['verify-attestation', '--type', type];
  const identity =
    'subject' in who
      ? ['--certificate-identity', who.subject, '--certificate-oidc-issuer', who.issuer]
      : ['--key', who.publicKey];
  const trusted = cosign === 'cosign3' ? ['--trusted-root', files.trustedRoot] : [];
  const stamps = cosign === 'cosign2' ? ['--timestamp-certificate-chain', files.timestampChain] : [];
  const args = [...command, ...identity, ...trusted, ...stamps, ...more, '--output', 'json', reference];
  return run(await tool(cosign), args, { env: environment(cosign, files) });
}

export function signerArguments(by: SignedBy): string[] {
  if ('claims' in by) return ['--yes', '--identity-token', tokenOf(by.claims)];
  const { key, certificate } = by;
  const certified =
    certificate === undefined
      ? []
      : ['--certificate', certificate.certificate, '--certificate-chain', certificate.chain];
  return ['--yes', '--key', key.privateKey, ...certified];
}

export function serviceArguments(cosign: Cosign, { url, files }: Sigstore, options: LoggedOptions): string[] {
  if (cosign === 'cosign3') {
    const config = options.stamped === true ? files.signingConfig : files.unstampedConfig;
    return ['--signing-config', config, '--trusted-root', files.trustedRoot];
  }
  return [
    ...['--fulcio-url', url, '--rekor-url', url],
    ...(options.logged === false ? ['--tlog-upload=false'] : []),
    ...(options.stamped === true ? ['--timestamp-server-url', `${url}/api/v1/timestamp`] : []),
  ];
}

/** Without these cosign 2 would fetch its roots by TUF. */
export function environment(cosign: Cosign, files: SigstoreFiles): Record<string, string> {
  const password = { COSIGN_PASSWORD: '' };
  if (cosign === 'cosign3') return password;
  return {
    ...password,
    SIGSTORE_ROOT_FILE: files.fulcioRoot,
    SIGSTORE_REKOR_PUBLIC_KEY: files.rekorKey,
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: files.certificateLogKey,
  };
}
