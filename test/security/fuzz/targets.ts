import { certificates, certifiedBundles, checkpoints, timeStamps, trustedRoots } from './certificates.ts';
import { dockerConfigs, manifests, policies } from './documents.ts';
import { evidence } from './evidence.ts';
import { jmespath } from './expressions.ts';
import { challenges, links, references } from './headers.ts';
import { admissionReviews } from './reviews.ts';
import type { Target } from './target.ts';

export const targets: readonly Target[] = [
  admissionReviews(),
  references(),
  challenges(),
  links(),
  manifests(),
  await evidence(),
  certificates(),
  timeStamps(),
  checkpoints(),
  certifiedBundles(),
  trustedRoots(),
  policies(),
  dockerConfigs(),
  await jmespath(),
];
