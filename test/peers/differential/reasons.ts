import type { Difference } from './compare.ts';

/** Why the two may say another thing of one resource: each is a heading of docs/differences.md. */
export const reasons = [
  'Patterns cover every spelling',
  'What is skipped needs no digest',
  'library/ and Docker Hub',
  'An image text that does not parse',
  'The same signer twice is not two',
  'Both ways in which cosign stores a signature',
  'Nobody named is never anybody',
  'Attestors of attestations are attestors',
  'A predicate hides no variable',
  'A value is never read as an expression',
  'Image volumes',
  'Objects of other groups',
  "Exceptions are the policies' own",
  'Extractors overwrite and skip nothing',
  'ignoreSCT is about a certificate of the policy too',
] as const;
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
  [
    'What is skipped needs no digest',
    ({ about, kyvernos, ours }) =>
      JSON.stringify(about.policy).includes('"skipImageReferences"') &&
      kyvernos?.result === 'fail' &&
      kyvernos.why.every((why) => why === 'digest') &&
      (ours?.result === 'skip' || ours?.result === 'pass'),
  ],
];

/** A pattern of `imageReferences` with a tag, which Kyverno does not compare with an image by digest. */
function hasTagPattern(policy: object): boolean {
  return /"imageReferences":\[[^\]]*"[^"]*\/[^"]*:[^"]*"/.test(JSON.stringify(policy));
}

function hasDigest(resources: readonly object[]): boolean {
  return JSON.stringify(resources).includes('@sha256:');
}
