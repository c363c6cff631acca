import type { Digest } from '../image/digest.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import type { Verdict } from '../verdict/verdict.ts';

/** Kyverno's annotations, kept for whoever reads them; never believed here. */
export const proofAnnotation = 'kyverno.io/verify-images';
export const scopedProofAnnotation = 'kyverno.io/verify-images-scoped';

type Status = 'pass' | 'fail' | 'skip';

/**
 * The values of both proof annotations for a request's verdicts, in Kyverno's format: images as they are named once pinned,
 * policies as `<namespace>/<name>` (a ClusterPolicy's key begins with the slash). `undefined` where no rule verified anything.
 */
export function proofOf(verdicts: readonly Verdict[]): { readonly flat: string; readonly scoped: string } | undefined {
  const flat = new Map<string, Status>();
  const scoped = new Map<string, Map<string, Map<string, Status>>>();
  let verified = false;
  for (const verdict of verdicts) {
    const { reference, question } = verdict;
    if (reference === undefined || verdict.reason === 'digest-resolved') continue;
    const status = statusOf(verdict);
    verified ||= status === 'pass';
    const image = provenName(reference, verdict.digest);
    const { rule } = question;
    if (flat.get(image) !== 'fail') flat.set(image, status === 'skip' ? (flat.get(image) ?? status) : status);
    const policyKey = rule.policy.includes('/') ? rule.policy : `/${rule.policy}`;
    const rules = scoped.get(policyKey) ?? new Map<string, Map<string, Status>>();
    scoped.set(policyKey, rules);
    const images = rules.get(rule.name) ?? new Map<string, Status>();
    rules.set(rule.name, images);
    images.set(image, status);
  }
  if (!verified) return undefined;
  return { flat: jsonOf(flat), scoped: `{"version":1,"policies":${jsonOf(scoped)}}` };
}

function statusOf(verdict: Verdict): Status {
  if (verdict.result === 'pass') return 'pass';
  return verdict.result === 'skip' ? 'skip' : 'fail';
}

/** `registry/path@digest`, else `registry/path:tag`, as Kyverno writes an image. */
function provenName(reference: ImageReference, digest: Digest | undefined): string {
  const { repository } = reference;
  return digest === undefined ? formatReference(reference) : formatReference({ repository, digest });
}

function jsonOf(map: ReadonlyMap<string, unknown>): string {
  const parts: string[] = [];
  for (const [key, value] of map) {
    parts.push(`${JSON.stringify(key)}:${value instanceof Map ? jsonOf(value) : JSON.stringify(value)}`);
  }
  return `{${parts.join(',')}}`;
}
