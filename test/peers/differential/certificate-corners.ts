import { githubIssuer, githubSubject } from '../../fixtures/authority/certificate.ts';
import { type Attestor, certificates, keyless, keys } from '../policies.ts';
import { type Draft, policyFor, workload } from './case.ts';
import { at } from './corners.ts';
import type { Reason } from './reasons.ts';
import type { World } from './world.ts';

/** What one attestor with certificates says of one image. The trust root is in the policy: neither program is given any other. */
interface CertificateCorner {
  readonly about: string;
  readonly image: 'app:ci' | 'app:cert' | 'app:a' | 'app:none';
  readonly attestors: (world: World) => readonly Attestor[];
  readonly count?: number;
  readonly reason?: Reason;
}

const workflow = { subject: githubSubject, issuer: githubIssuer };
const otherBranch = githubSubject.replace('main', 'dev');

function byWorkflow(who: Readonly<Record<string, unknown>>, trust: Readonly<Record<string, unknown>> = {}) {
  return ({ authority: { roots, rekorKey, certificateLogKey } }: World): readonly Attestor[] => [
    keyless({
      ...who,
      roots,
      rekor: { url: 'https://rekor.example.test', pubkey: rekorKey },
      ctlog: { pubkey: certificateLogKey },
      ...trust,
    }),
  ];
}

/** In no log, as who has a CA of their own and nothing else. */
const unlogged = { rekor: { url: 'https://rekor.example.test', ignoreTlog: true }, ctlog: { ignoreSCT: true } };
const byCertificate =
  (parts: (world: World) => Readonly<Record<string, unknown>>) =>
  (world: World): readonly Attestor[] => [certificates({ ...unlogged, ...parts(world) })];

const corners: readonly CertificateCorner[] = [
  { about: 'a workflow, in the log', image: 'app:ci', attestors: byWorkflow(workflow) },
  { about: 'another branch', image: 'app:ci', attestors: byWorkflow({ ...workflow, subject: otherBranch }) },
  { about: 'another issuer', image: 'app:ci', attestors: byWorkflow({ ...workflow, issuer: 'https://gitlab.com' }) },
  {
    about: 'a subject by a wildcard',
    image: 'app:ci',
    attestors: byWorkflow({ ...workflow, subject: 'https://github.com/acme/*' }),
  },
  {
    about: 'a subject and an issuer by regular expressions',
    image: 'app:ci',
    attestors: byWorkflow({ subjectRegExp: '^https://github\\.com/acme/', issuerRegExp: 'githubusercontent\\.com$' }),
  },
  {
    about: 'a subject by a regular expression of another one',
    image: 'app:ci',
    attestors: byWorkflow({ subjectRegExp: '^https://gitlab\\.com/', issuer: githubIssuer }),
  },
  {
    about: 'an extension',
    image: 'app:ci',
    attestors: byWorkflow({ ...workflow, additionalExtensions: { githubWorkflowTrigger: 'push' } }),
  },
  {
    about: 'another extension',
    image: 'app:ci',
    attestors: byWorkflow({ ...workflow, additionalExtensions: { githubWorkflowTrigger: 'release' } }),
  },
  { about: 'a workflow, the logs ignored', image: 'app:ci', attestors: byWorkflow(workflow, unlogged) },
  { about: 'a workflow, of an image by a key', image: 'app:a', attestors: byWorkflow(workflow) },
  { about: 'a workflow, of an image by nobody', image: 'app:none', attestors: byWorkflow(workflow) },
  {
    about: 'a workflow or a key',
    image: 'app:ci',
    count: 1,
    attestors: (world) => [keys(world.keys.a), ...byWorkflow(workflow)(world)],
  },
  {
    about: 'a workflow and a key',
    image: 'app:ci',
    attestors: (world) => [keys(world.keys.a), ...byWorkflow(workflow)(world)],
  },
  {
    about: 'a certificate under its chain',
    image: 'app:cert',
    attestors: byCertificate(({ authority: { certificate, chain } }) => ({ cert: certificate, certChain: chain })),
    reason: 'ignoreSCT is about a certificate of the policy too',
  },
  {
    about: 'a certificate alone',
    image: 'app:cert',
    attestors: byCertificate(({ authority: { certificate } }) => ({ cert: certificate })),
  },
  {
    about: 'a chain alone',
    image: 'app:cert',
    attestors: byCertificate(({ authority: { chain } }) => ({ certChain: chain })),
  },
  {
    about: 'a certificate, of an image by a key',
    image: 'app:a',
    attestors: byCertificate(({ authority: { certificate, chain } }) => ({ cert: certificate, certChain: chain })),
  },
  {
    about: 'a certificate, of an image by a workflow of the same CA',
    image: 'app:ci',
    attestors: byCertificate(({ authority: { certificate, chain } }) => ({ cert: certificate, certChain: chain })),
  },
];

/** Keyless and certificates, by an authority of these tests. */
export const certificateCorners: readonly Draft[] = corners.map(
  ({ about, image, attestors, count, reason }) =>
    (name, world) => ({
      about,
      policy: policyFor(name, [
        {
          imageReferences: [`${world.host}/*`],
          attestors: [{ ...(count === undefined ? {} : { count }), entries: attestors(world) }],
        },
      ]),
      resources: [workload(name, 'web', { containers: [at(`HOST/${image}`, world)] })],
      ...(reason === undefined ? {} : { reason }),
    }),
);
