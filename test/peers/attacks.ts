import { digestOf, ociIndex, ociManifest, putBlob, putManifest } from './images.ts';
import { attachReferrer, fallbackTag, referrersOf } from './referrers.ts';
import { runOk, tool } from './tools.ts';
import { expectStatus } from './wire.ts';

/** Where an image is, for what is done to its signatures. */
export interface AttackedImage {
  host: string;
  repo: string;
  digest: string;
}

type Suffix = 'sig' | 'att';

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
export function copyLegacy(image: AttackedImage, to: string): Promise<void> {
  return copyTag(image, to, 'sig');
}

/** The same of its `.att`. */
export function copyAttestations(image: AttackedImage, to: string): Promise<void> {
  return copyTag(image, to, 'att');
}

async function copyTag({ host, repo, digest }: AttackedImage, to: string, suffix: Suffix): Promise<void> {
  const name = (of: string) => `${host}/${repo}:${taggedFor(of, suffix)}`;
  await runOk(await tool('crane'), ['copy', name(digest), name(to)]);
}

/** Attaches the one bundle of an image to another of the same repository, its own bytes unchanged. */
export async function copyBundle(image: AttackedImage, to: string): Promise<void> {
  await reattach(image, to, (bundle) => bundle);
}

/** Changes the payload of the one signature in the `.sig` to say `claimed`, and keeps it for the image `to`. */
export function tamperLegacy(image: AttackedImage, to: string): Promise<void> {
  return tamperTag(image, to, 'sig', (payload) => Buffer.from(payload.toString().replace(image.digest, to)));
}

/** Changes the statement of the one attestation in the `.att` to be about the image `to`, and keeps it for that. */
export function tamperAttestation(image: AttackedImage, to: string): Promise<void> {
  return tamperTag(image, to, 'att', (bytes) => {
    const envelope = JSON.parse(bytes.toString());
    return Buffer.from(JSON.stringify({ ...envelope, payload: movedTo(image, to, envelope.payload) }));
  });
}

async function tamperTag(
  { host, repo, digest }: AttackedImage,
  to: string,
  suffix: Suffix,
  change: (bytes: Buffer) => Buffer,
): Promise<void> {
  const manifest: Manifest = await json(host, repo, `manifests/${taggedFor(digest, suffix)}`);
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error(`${repo}@${digest} has nothing under .${suffix}`);
  const changed = await putBlob(host, repo, layer.mediaType, change(await blob(host, repo, layer.digest)));
  const document = { ...manifest, layers: [{ ...layer, ...changed }] };
  await putManifest(host, repo, taggedFor(to, suffix), ociManifest, Buffer.from(JSON.stringify(document)));
}

/** Changes the statement in the one bundle of an image to say `to`, and attaches it to the image `to`. */
export async function tamperBundle(image: AttackedImage, to: string): Promise<void> {
  await reattach(image, to, (bytes) => {
    const bundle = JSON.parse(bytes.toString());
    bundle.dsseEnvelope.payload = movedTo(image, to, bundle.dsseEnvelope.payload);
    return Buffer.from(JSON.stringify(bundle));
  });
}

/** A statement in base64 that is about another image. */
function movedTo({ digest }: AttackedImage, to: string, payload: string): string {
  const statement = Buffer.from(payload, 'base64').toString();
  const changed = statement.replace(digest.replace('sha256:', ''), to.replace('sha256:', ''));
  return Buffer.from(changed).toString('base64');
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
  const { subject: _, ...rest } = manifest;
  const layers = [{ ...layer, ...(await putBlob(host, repo, layer.mediaType, bundle)) }];
  await attachReferrer(host, repo, to, { ...rest, layers });
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

function taggedFor(digest: string, suffix: Suffix): string {
  return `${fallbackTag(digest)}.${suffix}`;
}
