import { Agent, type Dispatcher, request } from 'undici';
import { type Digest, parseDigest } from '../../shared/image/digest.ts';
import { digestOf, mediaTypes, parseJson } from '../registry/store.ts';
import type { Destination } from './destination.ts';

export interface HttpDestinationOptions {
  /** With the port, as image references write it. */
  host: string;
  /** `http` by default: this is for registries on loopback. */
  scheme?: 'http' | 'https';
  /** PEM of the authority to believe under https. */
  ca?: string;
  /** For Basic, and for the token server that a bearer challenge names. */
  user?: string;
  password?: string;
}

const maxAnswer = 64 * 1024 * 1024;
const maxPages = 100;
const accepted = [
  mediaTypes.manifest,
  mediaTypes.index,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/**
 * Any registry of the OCI distribution-spec, by plain requests: the demo's and the tests' way to push. It trusts the
 * registry that it is pointed at and sends it the credentials given; it is no client for reading unknown registries
 * (that is shared/registry). Every method rejects with the request and the registry's words when the answer is not
 * the one expected.
 */
export function httpDestination(options: HttpDestinationOptions): Destination & { close(): Promise<void> } {
  const { host, scheme = 'http', ca, user, password = '' } = options;
  const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca } });
  const basic = user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const origin = `${scheme}://${host}`;
  /** By repository: what the last challenge led to. */
  const authorizations = new Map<string, string>();

  async function send(
    name: string,
    method: Dispatcher.HttpMethod,
    path: string,
    headers: Record<string, string> = {},
    body?: Uint8Array,
  ): Promise<Reply> {
    const url = new URL(path, origin);
    const attempt = () => {
      const authorization = authorizations.get(name);
      const all = authorization === undefined ? headers : { ...headers, authorization };
      return exchange(dispatcher, method, url, all, body);
    };
    const first = await attempt();
    if (first.status !== 401) return first;
    const authorization = await answerChallenge(first, name);
    if (authorization === undefined) return first;
    authorizations.set(name, authorization);
    return attempt();
  }

  async function answerChallenge({ headers }: Reply, name: string): Promise<string | undefined> {
    const challenge = String(headers['www-authenticate'] ?? '');
    if (/^basic\b/i.test(challenge)) return basic;
    const realm = /realm="([^"]+)"/.exec(challenge)?.[1];
    if (!/^bearer\b/i.test(challenge) || realm === undefined) return undefined;
    const url = new URL(realm);
    url.searchParams.set('service', /service="([^"]*)"/.exec(challenge)?.[1] ?? '');
    url.searchParams.set('scope', `repository:${name}:pull,push`);
    const reply = await exchange(dispatcher, 'GET', url, basic === undefined ? {} : { authorization: basic });
    const document = expectStatus(reply, [200], 'GET', url.href).body;
    const issued = parseJson(document);
    if (typeof issued !== 'object' || issued === null) throw new Error(`GET ${url.href}: no token`);
    const token = 'token' in issued ? issued.token : 'access_token' in issued ? issued.access_token : undefined;
    return typeof token === 'string' ? `Bearer ${token}` : undefined;
  }

  async function expectSend(expected: readonly number[], ...args: Parameters<typeof send>): Promise<Reply> {
    return expectStatus(await send(...args), expected, args[1], `${origin}${args[2]}`);
  }

  return {
    host,
    async putBlob(name, bytes) {
      const digest = digestOf(bytes);
      const opened = await expectSend([202], name, 'POST', `/v2/${name}/blobs/uploads/`, { 'content-length': '0' });
      const upload = new URL(String(opened.headers['location'] ?? ''), origin);
      upload.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      await expectSend([201], name, 'PUT', relative(upload), headers, bytes);
      return digest;
    },
    async putManifest(name, manifest, tag) {
      const bytes = Buffer.from(JSON.stringify(manifest));
      const digest = digestOf(bytes);
      const mediaType = 'mediaType' in manifest ? String(manifest.mediaType) : mediaTypes.manifest;
      const path = `/v2/${name}/manifests/${tag ?? digest}`;
      await expectSend([201], name, 'PUT', path, { 'content-type': mediaType }, bytes);
      return digest;
    },
    async manifest(name, reference) {
      const path = `/v2/${name}/manifests/${reference}`;
      const { status, headers, body } = await expectSend([200, 404], name, 'GET', path, { accept: accepted });
      if (status === 404) return undefined;
      return { digest: digestOf(body), mediaType: String(headers['content-type'] ?? ''), bytes: body };
    },
    async blob(name, digest) {
      const { status, body } = await expectSend([200, 404], name, 'GET', `/v2/${name}/blobs/${digest}`);
      return status === 404 ? undefined : body;
    },
    async referrers(name, subject) {
      const found: Digest[] = [];
      let path: string | undefined = `/v2/${name}/referrers/${subject}`;
      for (let page = 0; path !== undefined && page < maxPages; page += 1) {
        const { status, headers, body }: Reply = await expectSend([200, 404], name, 'GET', path);
        if (status === 404) return found;
        found.push(...listed(body));
        const next: string | undefined = /<([^>]+)>; *rel="?next/.exec(String(headers['link'] ?? ''))?.[1];
        path = next === undefined ? undefined : relative(new URL(next, `${origin}${path}`));
      }
      return found;
    },
    close: () => dispatcher.close(),
  };
}

function relative({ pathname, search }: URL): string {
  return pathname + search;
}

/** The digests in an index. */
export function listed(index: Uint8Array): Digest[] {
  const document = parseJson(index);
  if (typeof document !== 'object' || document === null || !('manifests' in document)) return [];
  const { manifests } = document;
  if (!Array.isArray(manifests)) return [];
  return manifests.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('digest' in each)) return [];
    return parseDigest(each.digest) ?? [];
  });
}

async function exchange(
  dispatcher: Dispatcher,
  method: Dispatcher.HttpMethod,
  url: URL,
  headers: Record<string, string>,
  body?: Uint8Array,
): Promise<Reply> {
  const response = await request(url, {
    dispatcher,
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswer) throw new Error(`${method} ${url.href}: an answer over ${maxAnswer} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

function expectStatus(reply: Reply, expected: readonly number[], method: string, url: string): Reply {
  if (expected.includes(reply.status)) return reply;
  throw new Error(`${method} ${url}: ${reply.status}\n${reply.body.toString('utf8', 0, 1000)}`);
}
