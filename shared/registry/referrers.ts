import { type Digest, splitDigest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import type { Client } from './client.ts';
import { apiPath } from './endpoint.ts';
import { declined } from './failed.ts';
import type { RegistryLimits } from './limits.ts';
import { nextPage } from './link.ts';
import { acceptIndex, type Descriptor, type ImageIndex, parseReferrers } from './manifest.ts';
import type { ReadBody } from './read-manifest.ts';
import type { Allowance } from './registry.ts';

/** The descriptors that a listing holds, `undefined` for malformed ones, and what kept the rest from being read. */
export interface Listing {
  readonly descriptors: ImageIndex['manifests'];
  readonly problem: Refusal | undefined;
}

/** What a listing is read with. */
export interface ListSources {
  readonly client: Client;
  readonly limits: RegistryLimits;
  readonly readBody: ReadBody;
}

/** The tag under which a digest's referrers are kept where there is no API for them (distribution-spec 1.1). */
export function fallbackTag(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** Statuses of registries that do not know the referrers API; so does a body that is no index. */
const absent: ReadonlySet<number> = new Set([400, 404, 405, 406, 501]);

/**
 * Asks the referrers API for all that refers to a digest, page by page, each of which is told to `turned` first. It never asks for one `artifactType` only:
 * registries fill that field in differently. Never throws: what failed is the listing's problem.
 */
export async function listReferrers(
  { client, limits, readBody }: ListSources,
  repository: Repository,
  digest: Digest,
  allowance: Allowance,
  turned: (page: number) => void,
): Promise<Listing> {
  const what = `the referrers of ${repositoryName(repository)}@${digest}`;
  const descriptors: (Descriptor | undefined)[] = [];
  const seen = new Set<string>();
  const tooMany = (why: string) => new Refusal('too-many-referrers', `${what} ${why}`);
  let path = apiPath(repository, `referrers/${digest}`);
  try {
    const registry = await client.base(repository, allowance);
    for (let page = 1; ; page++) {
      seen.add(path);
      turned(page);
      const response = await client.get(repository, path, { accept: acceptIndex, what, spending: allowance });
      if (response.status !== 200) {
        response.discard();
        if (page === 1 && absent.has(response.status)) return { descriptors: [], problem: undefined };
        throw declined(response.status, what);
      }
      const listed = await readBody(response, limits.manifest, what, allowance, (bytes) =>
        parseReferrers(bytes, response.header('content-type'), `the list of ${what}`, limits),
      );
      if (listed === 'absent' && page === 1) return { descriptors: [], problem: undefined };
      if (listed === 'absent') throw new Refusal('malformed-manifest', `the list of ${what} goes on in no index`);
      const room = limits.referrers - descriptors.length;
      descriptors.push(...listed.slice(0, room));
      if (listed.length > room) throw tooMany(`are more than ${limits.referrers}`);
      const next = nextPage(response.header('link'), response.url, registry);
      if (next === undefined) return { descriptors, problem: undefined };
      path = `${next.pathname}${next.search}`;
      if (seen.has(path)) throw tooMany('are listed in a loop of pages');
      if (page === limits.pages) throw tooMany(`fill more than ${limits.pages} pages`);
    }
  } catch (thrown) {
    return { descriptors, problem: asRefusal(thrown) };
  }
}
