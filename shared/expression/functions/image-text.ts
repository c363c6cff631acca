import { parseReference } from '../../image/reference.ts';
import { ExpressionError } from '../error.ts';

/**
 * An image in Kyverno's text of it: `docker.io/` where no registry is written, `:latest` where neither tag nor digest is, and no tag
 * beside a digest. `library/` is not put in and a host's spelling stays, so it is not canonical. Throws ExpressionError for what is no
 * image reference.
 */
export function normalizedImage(image: string): string {
  const parsed = parseReference(image);
  if ('problem' in parsed) throw new ExpressionError(`image_normalize() takes an image reference: ${parsed.problem}`);
  const { tag, digest } = parsed.reference;
  const [tagged = ''] = image.split('@', 1);
  const colon = tagged.lastIndexOf(':');
  const name = colon > tagged.lastIndexOf('/') ? tagged.slice(0, colon) : tagged;
  const full = namesRegistry(name) ? name : `docker.io/${name}`;
  return digest === undefined ? `${full}:${tag}` : `${full}@${image.slice(image.indexOf('@') + 1)}`;
}

/** By Kyverno's rule, which is Docker's: a first part that could be no part of a path, or is `localhost`. */
function namesRegistry(name: string): boolean {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  return slash !== -1 && (/[.:A-Z]/.test(first) || first === 'localhost');
}
