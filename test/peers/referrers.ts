import { ociIndex, ociManifest, putBlob, putManifest } from './images.ts';
import { expectStatus, send } from './wire.ts';

export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A referrer's manifest but for its subject. */
export interface ReferrerManifest {
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** By the referrers API, or by the fallback tag where there is none. */
export async function referrersOf(host: string, repo: string, digest: string): Promise<Referrer[]> {
  for (const path of [`referrers/${digest}`, `manifests/${fallbackTag(digest)}`]) {
    const { status, body } = await send('GET', `http://${host}/v2/${repo}/${path}`, { accept: ociIndex });
    if (status === 200) return JSON.parse(body.toString()).manifests;
  }
  return [];
}

/** Attaches a manifest to an image, and lists it under the fallback tag where the registry itself does not. */
export async function attachReferrer(
  host: string,
  repo: string,
  to: string,
  manifest: ReferrerManifest,
): Promise<void> {
  const accept = `${ociManifest}, ${ociIndex}, */*`;
  const image = await expectStatus(200, 'GET', `http://${host}/v2/${repo}/manifests/${to}`, { accept });
  const subject = { mediaType: String(image.headers['content-type']), digest: to, size: image.body.length };
  const document = Buffer.from(JSON.stringify({ ...manifest, subject }));
  const digest = await putManifest(host, repo, undefined, ociManifest, document);
  const listed = await referrersOf(host, repo, to);
  if (listed.some((one) => one.digest === digest)) return;
  const { artifactType, annotations } = manifest;
  const entry = { mediaType: ociManifest, digest, size: document.length, artifactType, annotations };
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [...listed, entry] };
  await putManifest(host, repo, fallbackTag(to), ociIndex, Buffer.from(JSON.stringify(index)));
}

/** Attaches a bundle as actions/attest pushes it, and cosign but for the names of its annotations. */
export async function attachBundle(
  host: string,
  repo: string,
  to: string,
  bundle: Uint8Array,
  annotations: Readonly<Record<string, string>>,
): Promise<void> {
  await attachReferrer(host, repo, to, {
    schemaVersion: 2,
    mediaType: ociManifest,
    artifactType: bundleType,
    config: await putBlob(host, repo, 'application/vnd.oci.empty.v1+json', Buffer.from('{}')),
    layers: [await putBlob(host, repo, bundleType, bundle)],
    annotations,
  });
}

export function fallbackTag(digest: string): string {
  return digest.replace(':', '-');
}
