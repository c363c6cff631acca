import { certificates, certifiedBundles, checkpoints, timeStamps, trustedRoots } from './certificates.ts';
import { conditions } from './conditions.ts';
import { dockerConfigs, manifests, policies } from './documents.ts';
import { evidence } from './evidence.ts';
import { jmespath } from './expressions.ts';
import { challenges, links, references } from './headers.ts';
import { notaryEnvelopes } from './notary-envelopes.ts';
import { notaryChains, notaryStamps } from './notary-judge.ts';
import { admissionReviews } from './reviews.ts';
import { crls, ocspAnswers, places } from './revocation.ts';
import type { Target } from './target.ts';
import { templates } from './templates.ts';

export const targets: readonly Target[] = [
  admissionReviews(),
  references(),
  challenges(),
  links(),
  manifests(),
  await evidence(),
  await notaryEnvelopes(),
  certificates(),
  timeStamps(),
  checkpoints(),
  certifiedBundles(),
  notaryChains(),
  notaryStamps(),
  trustedRoots(),
  ocspAnswers(),
  crls(),
  places(),
  policies(),
  dockerConfigs(),
  templates(),
  await jmespath(),
  conditions(),
];
