import type { Difference } from './compare.ts';

/** Why the two may say another thing of one resource: each is a heading of docs/differences.md. */
export const reasons = ['Patterns cover every spelling'] as const;
export type Reason = (typeof reasons)[number];

/** The reason for a difference, if it has one: the case's own, or one that drawn cases come upon. */
export function reasonFor(difference: Difference): Reason | undefined {
  return difference.about.reason ?? drawnReasons.find(([, holds]) => holds(difference))?.[0];
}

const drawnReasons: readonly (readonly [Reason, (difference: Difference) => boolean])[] = [
  [
    'Patterns cover every spelling',
    ({ about, kyvernos, ours }) =>
      hasTagPattern(about.policy) &&
      hasDigest(about.resources) &&
      ours !== undefined &&
      (kyvernos === undefined || kyvernos.result === 'pass' || kyvernos.result === 'skip'),
  ],
];

/** A pattern of `imageReferences` with a tag, which Kyverno does not compare with an image by digest. */
function hasTagPattern(policy: object): boolean {
  return /"imageReferences":\[[^\]]*"[^"]*\/[^"]*:[^"]*"/.test(JSON.stringify(policy));
}

function hasDigest(resources: readonly object[]): boolean {
  return JSON.stringify(resources).includes('@sha256:');
}
