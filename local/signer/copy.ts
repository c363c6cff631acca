import { isJsonObject } from '../../shared/admission/json.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { parseJson, parseManifest } from '../registry/store.ts';
import { attachReferrer, describe, entries } from './attach.ts';
import { fallbackTag, legacyTag } from './documents.ts';
import { listed } from './push.ts';
import type { Target } from './target.ts';

/**
 * Attack: puts all that is attached to one image of a repository on another one as well, bytes unchanged: the `.sig`
 * and `.att` tags, and bundles as referrers with the other image as their subject.
 */
export async function copySignatures(target: Target, repository: string, from: Digest, to: Digest): Promise<void> {
  for (const suffix of ['sig', 'att'] as const) {
    const manifest = await target.manifest(repository, legacyTag(from, suffix));
    const document = manifest === undefined ? undefined : parseJson(manifest.bytes);
    if (isJsonObject(document)) {
      await target.putManifest(repository, document, legacyTag(to, suffix));
    }
  }
  const subject = await describe(target, repository, to);
  for (const digest of await attachedTo(target, repository, from)) {
    const manifest = await target.manifest(repository, digest);
    if (manifest === undefined) continue;
    const [layer] = entries(manifest.bytes, 'layers');
    const bytes = layer === undefined ? undefined : await target.blob(repository, layer.digest);
    if (layer === undefined || bytes === undefined) continue;
    const { mediaType, annotations } = layer;
    await attachReferrer(
      target,
      repository,
      subject,
      { mediaType, bytes, ...(annotations === undefined ? {} : { annotations }) },
      { artifactType: parseManifest(manifest.bytes).artifactType ?? mediaType, config: 'empty' },
    );
  }
}

async function attachedTo(target: Target, repository: string, subject: Digest): Promise<Set<Digest>> {
  const fallback = await target.manifest(repository, fallbackTag(subject));
  return new Set([
    ...(await target.referrers(repository, subject)),
    ...(fallback === undefined ? [] : listed(fallback.bytes)),
  ]);
}
