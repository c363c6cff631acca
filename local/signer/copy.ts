import { isJsonObject } from '../../shared/admission/json.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { parseJson, parseManifest } from '../registry/store.ts';
import { attachReferrer, describe, entries } from './attach.ts';
import type { Destination } from './destination.ts';
import { fallbackTag, legacyTag } from './documents.ts';
import { listed } from './push.ts';

/**
 * Attack: puts all that is attached to one image of a repository on another one as well, bytes unchanged: the `.sig`
 * and `.att` tags, and bundles as referrers with the other image as their subject.
 */
export async function copySignatures(
  destination: Destination,
  repository: string,
  from: Digest,
  to: Digest,
): Promise<void> {
  for (const suffix of ['sig', 'att'] as const) {
    const manifest = await destination.manifest(repository, legacyTag(from, suffix));
    const document = manifest === undefined ? undefined : parseJson(manifest.bytes);
    if (isJsonObject(document)) {
      await destination.putManifest(repository, document, legacyTag(to, suffix));
    }
  }
  const subject = await describe(destination, repository, to);
  for (const digest of await attachedTo(destination, repository, from)) {
    const manifest = await destination.manifest(repository, digest);
    if (manifest === undefined) continue;
    const [layer] = entries(manifest.bytes, 'layers');
    const bytes = layer === undefined ? undefined : await destination.blob(repository, layer.digest);
    if (layer === undefined || bytes === undefined) continue;
    const { mediaType, annotations } = layer;
    await attachReferrer(
      destination,
      repository,
      subject,
      { mediaType, bytes, ...(annotations === undefined ? {} : { annotations }) },
      { artifactType: parseManifest(manifest.bytes).artifactType ?? mediaType, config: 'empty' },
    );
  }
}

async function attachedTo(destination: Destination, repository: string, subject: Digest): Promise<Set<Digest>> {
  const fallback = await destination.manifest(repository, fallbackTag(subject));
  return new Set([
    ...(await destination.referrers(repository, subject)),
    ...(fallback === undefined ? [] : listed(fallback.bytes)),
  ]);
}
