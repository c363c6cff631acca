import { digestOf, ociIndex, ociManifest, putBlob, putManifest } from './images.ts';
import { runOk, tool } from './tools.ts';
import { expectStatus, send } from './wire.ts';

/** Where an image is, for what is done to its signatures. */
export interface AttackedImage {
  host: string;
  repo: string;
  digest: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

interface Manifest {
  layers: Descriptor[];
  subject?: { mediaType: string; digest: string; size: number };
}

/** Puts the `.sig` of one image under the tag of another of the same repository, bytes unchanged. */
export async function copyLegacy({ host, repo, digest }: AttackedImage, to: string): Promise<void> {
  await runOk(await tool('crane'), ['copy', `${host}/${repo}:${sigTag(digest)}`, `${host}/${repo}:${sigTag(to)}`]);
}

/** Attaches the one bundle of an image to another of the same repository, its own bytes unchanged. */
export async function copyBundle(image: AttackedImage, to: string): Promise<void> {
  await reattach(image, to, (bundle) => bundle);
}

/** Changes the payload of the one signature in the `.sig` to say `claimed`, and keeps it for the image `to`. */
export async function tamperLegacy({ host, repo, digest }: AttackedImage, to: string): Promise<void> {
  const manifest: Manifest = await json(host, repo, `manifests/${sigTag(digest)}`);
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error(`${repo}@${digest} carries no signature`);
  const payload = (await blob(host, repo, layer.digest)).toString();
  const changed = await putBlob(host, repo, layer.mediaType, Buffer.from(payload.replace(digest, to)));
  const document = { ...manifest, layers: [{ ...layer, ...changed }] };
  await putManifest(host, repo, sigTag(to), ociManifest, Buffer.from(JSON.stringify(document)));
}

/** Changes the statement in the one bundle of an image to say `to`, and attaches it to the image `to`. */
export async function tamperBundle(image: AttackedImage, to: string): Promise<void> {
  await reattach(image, to, (bytes) => {
    const bundle = JSON.parse(bytes.toString());
    const statement = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const changed = statement.replace(image.digest.replace('sha256:', ''), to.replace('sha256:', ''));
    bundle.dsseEnvelope.payload = Buffer.from(changed).toString('base64');
    return Buffer.from(JSON.stringify(bundle));
  });
}

async function reattach(
  { host, repo, digest }: AttackedImage,
  to: string,
  change: (bundle: Buffer) => Buffer,
): Promise<void> {
  const [referrer] = await referrersOf(host, repo, digest);
  if (referrer === undefined) throw new Error(`${repo}@${digest} carries no bundle`);
  const manifest: Manifest = await json(host, repo, `manifests/${referrer.digest}`);
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error(`${repo}@${referrer.digest} has no layer`);
  const bundle = change(await blob(host, repo, layer.digest));
  const image = await get(host, repo, `manifests/${to}`);
  const document = Buffer.from(
    JSON.stringify({
      ...manifest,
      layers: [{ ...layer, ...(await putBlob(host, repo, layer.mediaType, bundle)) }],
      subject: { mediaType: String(image.headers['content-type']), digest: to, size: image.body.length },
    }),
  );
  const copy = await putManifest(host, repo, undefined, ociManifest, document);
  const listed = await referrersOf(host, repo, to);
  if (listed.some((one) => one.digest === copy)) return;
  const manifests = [...listed, { ...referrer, digest: copy, size: document.length }];
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests };
  await putManifest(host, repo, fallbackTag(to), ociIndex, Buffer.from(JSON.stringify(index)));
}

/** By the referrers API, or by the fallback tag where there is none. */
export async function referrersOf(host: string, repo: string, digest: string): Promise<Descriptor[]> {
  for (const path of [`referrers/${digest}`, `manifests/${fallbackTag(digest)}`]) {
    const { status, body } = await send('GET', `http://${host}/v2/${repo}/${path}`, { accept: ociIndex });
    if (status === 200) return JSON.parse(body.toString()).manifests;
  }
  return [];
}

async function blob(host: string, repo: string, digest: string): Promise<Buffer> {
  const { body } = await get(host, repo, `blobs/${digest}`);
  if (digestOf(body) !== digest) throw new Error(`${repo}@${digest}: other bytes`);
  return body;
}

async function json(host: string, repo: string, path: string) {
  return JSON.parse((await get(host, repo, path)).body.toString());
}

function get(host: string, repo: string, path: string) {
  return expectStatus(200, 'GET', `http://${host}/v2/${repo}/${path}`, { accept: `${ociManifest}, ${ociIndex}, */*` });
}

function sigTag(digest: string): string {
  return `${fallbackTag(digest)}.sig`;
}

function fallbackTag(digest: string): string {
  return digest.replace(':', '-');
}
