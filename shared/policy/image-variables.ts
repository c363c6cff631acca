import { ExpressionError } from '../expression/error.ts';
import type { Json } from '../expression/value.ts';
import { isHost } from '../image/host.ts';
import { parseReference } from '../image/reference.ts';
import { quoted } from '../printable.ts';

/**
 * What Kyverno says about an image (pkg/utils/image/infos.go). The registry is the canonical one (`docker.io` where none is
 * written); the path is as written: `nginx` and `library/nginx` are two. Without tag and digest the tag is `latest`; without a tag
 * and with a digest it is empty.
 */
export interface ImageVariables {
  readonly registry: string;
  /** The path's last component. */
  readonly name: string;
  readonly path: string;
  readonly tag: string;
  readonly digest: string;
  /** `registry/path@digest`, or `registry/path:tag` where there is no digest. */
  readonly reference: string;
  /** `registry/path:tag`, whether or not there is a tag. */
  readonly referenceWithTag: string;
}

/** Throws ExpressionError for a text that is no image reference. */
export function imageVariables(text: string): ImageVariables {
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new ExpressionError(`${quoted(text, 120)} is no image reference: ${parsed.problem}`);
  const { repository, tag = '', digest = '' } = parsed.reference;
  const { registry } = repository;
  const path = writtenPath(text, repository.path);
  const named = `${registry}/${path}`;
  return {
    registry,
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    tag,
    digest,
    reference: digest === '' ? `${named}:${tag}` : `${named}@${digest}`,
    referenceWithTag: `${named}:${tag}`,
  };
}

/** All of it, an empty text where there is nothing: the variable `image`, of the image under verification. */
export function variableImage(text: string): Json {
  return { ...imageVariables(text) };
}

/** What is not empty, and where it stands: an element of the variable `images`. */
export function variableOfImages(text: string, jsonPointer: string): Json {
  const entries = Object.entries(imageVariables(text)).filter(([, value]) => value !== '');
  return Object.fromEntries([...entries, ['jsonPointer', jsonPointer]]);
}

/** Canonical form has `library/` where it may not be written. */
function writtenPath(text: string, path: string): string {
  const [name = ''] = text.split('@', 1);
  const slash = name.indexOf('/');
  const rest = slash > 0 && isHost(name.slice(0, slash)) ? name.slice(slash + 1) : name;
  return rest.includes('/') || !path.startsWith('library/') ? path : path.slice('library/'.length);
}
