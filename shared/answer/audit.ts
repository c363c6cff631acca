import type { AdmissionRecord } from './record.ts';

/** The audit annotations of an answer; `omitted` says how many results did not fit. */
export function auditAnnotations(record: AdmissionRecord): Readonly<Record<string, string>> | undefined {
  const { images, imagesOmitted, policySet } = record;
  if (images.length === 0) return undefined;
  const omitted = imagesOmitted === undefined ? {} : { omitted: String(imagesOmitted) };
  return { images: JSON.stringify(images), ...omitted, policySet };
}
