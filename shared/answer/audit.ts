import type { ImageRecord } from './record.ts';

/**
 * Characters of the list of images. A function answers with 6 MB at most, and whoever writes the object chooses how many images
 * it names and how long: an answer that is too large is a failed call, which failurePolicy Ignore admits.
 */
const longest = 64 * 1024;

/** The audit annotations of an answer: what failed goes first, and `omitted` says how many results did not fit. */
export function auditAnnotations(
  images: readonly ImageRecord[],
  policySet: string,
): Readonly<Record<string, string>> | undefined {
  if (images.length === 0) return undefined;
  const whole = JSON.stringify(images);
  if (whole.length <= longest) return { images: whole, policySet };
  const hasFailed = ({ result }: ImageRecord) => result === 'fail' || result === 'error';
  const parts: string[] = [];
  let left = longest;
  for (const image of [...images.filter(hasFailed), ...images.filter((image) => !hasFailed(image))]) {
    const part = JSON.stringify(image);
    left -= part.length + 1;
    if (left < 0) break;
    parts.push(part);
  }
  return { images: `[${parts.join(',')}]`, omitted: String(images.length - parts.length), policySet };
}
