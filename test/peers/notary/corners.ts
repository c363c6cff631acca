import { digestOf } from '../../fixtures/attached.ts';
import { type Case, type Changes, caseOf, type Draft, manifest, type World } from './case.ts';
import type { Format, Target } from './peer.ts';

export const formats: readonly Format[] = ['jws', 'cose'];

/** What a registry says of the image. */
export const image: Target = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(manifest),
  size: manifest.length,
};

/** A case of its own; what it needs of the world, or of the format, is a function. */
export function corner(about: string, format: Format, changes: Changes | ((world: World) => Changes) = {}): Draft {
  return (world): Case => caseOf(about, format, image, typeof changes === 'function' ? changes(world) : changes);
}

/** One in each format. */
export function both(
  about: string,
  changes: Changes | ((format: Format, world: World) => Changes) = {},
): readonly Draft[] {
  return formats.map((format) =>
    corner(about, format, (world) => (typeof changes === 'function' ? changes(format, world) : changes)),
  );
}
