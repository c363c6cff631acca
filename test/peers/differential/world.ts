import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attest2, type CosignKey, keyPair, sign2, sign3 } from '../cosign.ts';
import { pushImage, pushIndex } from '../images.ts';
import { reviewType } from '../predicates.ts';
import { startDistribution, startGgcr } from '../registries.ts';
import { certify, keylessSign, signUnlogged } from '../sigstore/cosign.ts';
import { type SigstoreServer, startSigstore } from '../sigstore/server.ts';

/** Whose keys there are: two who are asked for, and one who also signs. */
export type Who = 'a' | 'b' | 'c';

/** A second predicate type, of which one image has a statement too. */
export const scanType = 'https://example.test/scan/v1';

/** Images by `repository:tag`, and what real cosign attached to them. */
const imageNames = [
  // What the tag says: the keys that signed.
  'app:a',
  'app:b',
  'app:ab',
  'app:c',
  // Without a key by a workflow, and by a certificate of the same CA.
  'app:ci',
  'app:cert',
  'app:none',
  // By A, with claims.
  'app:prod',
  'app:test',
  // By A: a good review, a bad one, one of each, a good one and a scan.
  'app:good',
  'app:bad',
  'app:mixed',
  'app:both',
  // By A a review with fields that mean something in a policy.
  'app:shadow',
  // By B a good review, and no signature.
  'app:only-review',
  // An index, signed by A.
  'app:index',
  'lib/tool:a',
  'lib/tool:none',
] as const;
export type ImageName = (typeof imageNames)[number];

export interface World {
  readonly host: string;
  /**
   * Another registry, with `app:bundle`, signed by A and stored as cosign 3 does. Kyverno goes by the types in a list of referrers, which
   * the registry in memory takes from elsewhere.
   */
  readonly bundles: string;
  /** Public keys in PEM. */
  readonly keys: Readonly<Record<Who, string>>;
  /** Who certifies workflows, and the certificate that one image is signed with: PEM. */
  readonly authority: Authority;
  /** The digest of each image. */
  digest(name: ImageName): string;
  stop(): Promise<void>;
}

export interface Authority {
  readonly roots: string;
  readonly rekorKey: string;
  readonly certificateLogKey: string;
  readonly certificate: string;
  /** The root last. */
  readonly chain: string;
}

/** Registries with all the images, signed once by real cosign. */
export async function makeWorld(): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-differential-'));
  const running: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all(running.map((each) => each.stop()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const images = await startGgcr();
    running.push(images);
    const bundles = await startDistribution(dir);
    running.push(bundles);
    const sigstore = await startSigstore(join(dir, 'sigstore'));
    running.push(sigstore);
    return { ...(await filled(images.host, bundles.host, dir, sigstore)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const shadow = { approved: true, note: '{{ request.operation }}', request: { operation: 'NONE' } };

async function filled(
  host: string,
  bundles: string,
  dir: string,
  sigstore: SigstoreServer,
): Promise<Omit<World, 'stop'>> {
  const made = (name: string) => keyPair(dir, 'ecdsa-p256', name);
  const [a, b, c] = await Promise.all([made('a'), made('b'), made('c')]);
  const digests = new Map<string, string>();
  for (const name of imageNames) {
    const [repository = '', tag = ''] = name.split(':');
    const pushed =
      tag === 'index' ? (await pushIndex(host, repository, tag)).digest : await pushImage(host, repository, tag);
    digests.set(name, pushed);
  }
  const digest = (name: ImageName) => digests.get(name) ?? '';
  const at = (name: ImageName) => `${host}/${name.split(':')[0]}@${digest(name)}`;
  const sign = (name: ImageName, key: CosignKey, annotations: Record<string, string> = {}) =>
    sign2(at(name), key, { annotations });
  const review = (name: ImageName, key: CosignKey, approved: boolean, round: number) =>
    attest2(at(name), key, { type: reviewType, predicate: { approved, round, by: ['alice', 'bob'] } });

  const certificate = await certify(sigstore, dir, c, { names: [{ email: 'release@acme.test' }] });

  // One after another where they attach to one image.
  await Promise.all([
    sign('app:a', a),
    sign('app:b', b),
    sign('app:ab', a).then(() => sign('app:ab', b)),
    sign('app:c', c),
    keylessSign('cosign2', sigstore, at('app:ci')),
    signUnlogged('cosign2', at('app:cert'), { key: c, certificate }),
    sign('app:prod', a, { env: 'prod', team: 'one' }),
    sign('app:test', a, { env: 'test' }),
    sign('app:index', a),
    sign3(`${bundles}/app@${await pushImage(bundles, 'app', 'bundle')}`, a),
    sign('lib/tool:a', a),
    sign('app:good', a).then(() => review('app:good', a, true, 1)),
    sign('app:bad', a).then(() => review('app:bad', a, false, 1)),
    sign('app:mixed', a)
      .then(() => review('app:mixed', a, true, 1))
      .then(() => review('app:mixed', a, false, 2)),
    sign('app:both', a)
      .then(() => review('app:both', a, true, 3))
      .then(() => attest2(at('app:both'), a, { type: scanType, predicate: { found: [], score: 7 } })),
    sign('app:shadow', a).then(() => attest2(at('app:shadow'), a, { type: reviewType, predicate: shadow })),
    review('app:only-review', b, true, 1),
  ]);
  const { files } = sigstore;
  const read = (path: string) => readFile(path, 'utf8');
  const authority = {
    roots: await read(files.fulcioChain),
    rekorKey: await read(files.rekorKey),
    certificateLogKey: await read(files.certificateLogKey),
    certificate: await read(certificate.certificate),
    chain: await read(certificate.chain),
  };
  return { host, bundles, keys: { a: a.pem, b: b.pem, c: c.pem }, authority, digest };
}
