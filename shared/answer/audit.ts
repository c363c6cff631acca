import { shortened } from '../printable.ts';
import type { AdmissionRecord } from './record.ts';

/** An API server's has 36. */
const longestUid = 100;

/**
 * The audit annotations of an answer; `omitted` says how many results did not fit. With the review's `uid`, which an audit log does not have
 * otherwise, a line of ours is known for one that an API server asked for.
 */
export function auditAnnotations(record: AdmissionRecord, uid: string): Readonly<Record<string, string>> | undefined {
  const { images, imagesOmitted, policySet } = record;
  if (images.length === 0) return undefined;
  const omitted = imagesOmitted === undefined ? {} : { omitted: String(imagesOmitted) };
  return { images: JSON.stringify(images), ...omitted, policySet, uid: shortened(uid, longestUid) };
}
