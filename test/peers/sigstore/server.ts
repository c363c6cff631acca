import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Authority, type AuthorityOptions, makeAuthority } from '../../fixtures/authority/authority.ts';
import { issueCertificate } from './fulcio.ts';
import { type RekorApi, rekorApi } from './rekor.ts';
import { timestamp } from './timestamps.ts';

export interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Fulcio, Rekor v1 and a time-stamp authority on one port of loopback, for real cosigns. */
export interface SigstoreServer {
  readonly url: string;
  readonly authority: Authority;
  /** What cosigns are told of it. */
  readonly files: SigstoreFiles;
  stop(): Promise<void>;
}

/** Paths. */
export interface SigstoreFiles {
  readonly trustedRoot: string;
  /** For cosign 3: with the time-stamp authority, */
  readonly signingConfig: string;
  /** or without. */
  readonly unstampedConfig: string;
  /** The CA's root, */
  readonly fulcioRoot: string;
  /** and the whole chain, the root last. */
  readonly fulcioChain: string;
  readonly rekorKey: string;
  readonly certificateLogKey: string;
  /** The leaf first. */
  readonly timestampChain: string;
}

/** Starts it with its files under `dir`. */
export async function startSigstore(dir: string, options: AuthorityOptions = {}): Promise<SigstoreServer> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const authority = makeAuthority({ at: new Date(), rekor1: { host: '127.0.0.1', baseUrl: url }, ...options });
  const rekor = rekorApi(authority);
  handle = (request, response) => void serve(authority, rekor, request, response);
  return {
    url,
    authority,
    files: await writeFiles(dir, authority, url),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(authority: Authority, rekor: RekorApi, request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const call = { headers: request.headers, body: Buffer.concat(chunks) };
  const answer = route(authority, rekor, `${request.method} ${request.url}`, call);
  response.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain', ...answer.headers });
  response.end(answer.body);
}

const entryPath = 'GET /api/v1/log/entries/';

function route(authority: Authority, rekor: RekorApi, what: string, call: Call): Answer {
  try {
    if (what === 'POST /api/v1/signingCert') return issueCertificate(authority, call, 1);
    if (what === 'POST /api/v2/signingCert') return issueCertificate(authority, call, 2);
    if (what === 'POST /api/v1/timestamp') return timestamp(authority, call);
    if (what === 'POST /api/v1/log/entries') return rekor.propose(call);
    if (what.startsWith(entryPath)) return rekor.entry(what.slice(entryPath.length));
    if (what === 'GET /api/v1/log/publicKey') return { status: 200, body: authority.rekor1.key.pem };
    return { status: 404, body: `no ${what}` };
  } catch (error) {
    return { status: 400, body: String(error) };
  }
}

async function writeFiles(dir: string, authority: Authority, url: string): Promise<SigstoreFiles> {
  await mkdir(dir, { recursive: true });
  const write = (name: string, text: string) => writeText(join(dir, name), text);
  const json = (name: string, value: object) => writeJson(join(dir, name), value);
  const { ca, rekor1, certificateLog, timestampAuthority } = authority;
  const chain = (certificates: readonly { readonly pem: string }[]) => certificates.map(({ pem }) => pem).join('');
  const services = { fulcio: url, rekor1: url };
  return {
    trustedRoot: await json('trusted_root.json', authority.trustedRoot()),
    signingConfig: await json('signing_config.json', signingConfig({ ...services, tsa: url })),
    unstampedConfig: await json('unstamped_config.json', signingConfig(services)),
    fulcioRoot: await write('fulcio_root.pem', ca.root.pem),
    fulcioChain: await write('fulcio_chain.pem', chain(ca.chain)),
    rekorKey: await write('rekor.pub', rekor1.key.pem),
    certificateLogKey: await write('ctfe.pub', certificateLog.key.pem),
    timestampChain: await write('tsa_chain.pem', chain(timestampAuthority.chain)),
  };
}

async function writeText(path: string, text: string): Promise<string> {
  await writeFile(path, text);
  return path;
}

/** Returns the path. */
export function writeJson(path: string, value: object): Promise<string> {
  return writeText(path, JSON.stringify(value, null, 1));
}

/** Which services cosign 3 signs with (`SigningConfig` of protobuf-specs, v0.2). */
export function signingConfig(urls: { fulcio?: string; rekor1?: string; rekor2?: string; tsa?: string }): object {
  const { fulcio, rekor1, rekor2, tsa } = urls;
  const validFor = { start: '2020-01-01T00:00:00Z' };
  const service = (url: string | undefined, majorApiVersion = 1) =>
    url === undefined ? [] : [{ url, majorApiVersion, validFor, operator: 'countersign.test' }];
  const any = { selector: 'ANY' };
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: service(fulcio),
    oidcUrls: service(fulcio),
    rekorTlogUrls: [...service(rekor1), ...service(rekor2, 2)],
    tsaUrls: service(tsa === undefined ? undefined : `${tsa}/api/v1/timestamp`),
    ...(rekor1 === undefined && rekor2 === undefined ? {} : { rekorTlogConfig: any }),
    ...(tsa === undefined ? {} : { tsaConfig: any }),
  };
}
