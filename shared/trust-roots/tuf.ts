import { hash } from 'node:crypto';
import { join } from 'node:path';
import { initTUF, TUFError } from '@sigstore/tuf';
import { isLoopbackHost } from '../net/hosts.ts';
import { messageOf } from '../reasons.ts';
import { carriedFile, publicMirror } from './carried.ts';
import { readFirstRoot } from './first-root.ts';
import { TrustUpdateError } from './update-error.ts';

export interface TufOptions {
  /** URL of the TUF repository, `https://tuf-repo-cdn.sigstore.dev` by default. */
  readonly mirror?: string | undefined;
  /** A file with the repository's own root.json, with which trust in it begins; needed for every other mirror. */
  readonly rootFile?: string | undefined;
  /**
   * A folder in which what was seen of the repository is kept, so that it cannot go back: apart for each root that trust began with.
   * Nobody else may write to it.
   */
  readonly cache: string;
  /** Milliseconds for each answer of the mirror. 5000. */
  readonly timeoutMs?: number;
  /** How often a request is repeated where the mirror fails. 2. */
  readonly retries?: number;
}

/**
 * The `trusted_root.json` that a TUF repository publishes now: fetched, and verified by the repository's root. It goes past the door of
 * shared/net, by the client of Sigstore's own tools: so it is never called while a review waits. Throws TrustUpdateError.
 */
export async function fetchTrustedRoot(options: TufOptions): Promise<Buffer> {
  const { rootFile, cache, timeoutMs = 5000, retries = 2 } = options;
  const mirror = mirrorUrl(options.mirror ?? publicMirror);
  if (mirror !== publicMirror && rootFile === undefined) {
    throw new TrustUpdateError(`${mirror} needs its root.json: nothing else says whom to believe there`);
  }
  const first = rootFile === undefined ? undefined : await readFirstRoot(rootFile);
  try {
    const client = await initTUF({
      cachePath: first === undefined ? cache : join(cache, hash('sha256', first)),
      mirrorURL: mirror,
      timeout: timeoutMs,
      retry: { retries },
      ...(rootFile === undefined ? {} : { rootPath: rootFile }),
    });
    return Buffer.from(await client.getTarget(carriedFile), 'utf8');
  } catch (thrown) {
    throw new TrustUpdateError(`no trust root from ${mirror}: ${whyOf(thrown)}`);
  }
}

/** Without a slash at its end, as @sigstore/tuf knows the public one. Throws TrustUpdateError. */
function mirrorUrl(text: string): string {
  const url = URL.parse(text);
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url === null || !secure) throw new TrustUpdateError(`a mirror is an https URL, not '${text.slice(0, 200)}'`);
  return text.replace(/\/+$/, '');
}

/** What was thrown with its causes, the outermost first; the client's own words for "it did not work" are left out. */
function whyOf(thrown: unknown): string {
  const told: string[] = [];
  for (let next: unknown = thrown; next !== undefined && told.length < 5; next = causeOf(next)) {
    if (!(next instanceof TUFError) || causeOf(next) === undefined) told.push(withStatus(next));
  }
  return [...new Set(told)].join(': ');
}

function withStatus(thrown: unknown): string {
  const status =
    typeof thrown === 'object' && thrown !== null && 'statusCode' in thrown ? thrown.statusCode : undefined;
  return status === undefined ? messageOf(thrown) : `${messageOf(thrown)} (HTTP ${status})`;
}

function causeOf(thrown: unknown): unknown {
  return Error.isError(thrown) ? thrown.cause : undefined;
}
