import { type AttestorSet, keys, nested } from '../policies.ts';
import { reviewType } from '../predicates.ts';
import { type Draft, type Fields, policyFor, workload } from './case.ts';
import type { Reason } from './reasons.ts';
import type { ImageName, World } from './world.ts';

/** What one entry asks of images, by A unless told otherwise. */
interface Corner {
  readonly about: string;
  /** `HOST` stands for the registry, `BUNDLES` for the other one. */
  readonly images: readonly string[];
  readonly entry?: (world: World) => Fields;
  readonly reason?: Reason;
}

/** By A. */
export const byA = ({ keys: { a } }: World): AttestorSet => ({ entries: [keys(a)] });

export function at(text: string, world: World): string {
  const named = /^HOST\/([a-z/]+:[a-z-]+)@$/.exec(text)?.[1];
  const whole = named === undefined ? text : `${text}${world.digest(named as ImageName)}`;
  return whole.replace('HOST', world.host).replace('BUNDLES', world.bundles);
}

/** A Pod of which one entry is asked. */
function cornerOf({ about, images, entry, reason }: Corner): Draft {
  return (name, world) => {
    const asked = {
      imageReferences: [`${world.host}/*`, `${world.bundles}/*`],
      attestors: [byA(world)],
      ...entry?.(world),
    };
    return {
      about,
      policy: policyFor(name, [asked]),
      resources: [workload(name, 'web', { containers: images.map((each) => at(each, world)) })],
      ...(reason === undefined ? {} : { reason }),
    };
  };
}

const references =
  (...patterns: readonly string[]) =>
  (world: World) => ({ imageReferences: patterns.map((each) => at(each, world)) });
const skipping =
  (...patterns: readonly string[]) =>
  (world: World) => ({ skipImageReferences: patterns.map((each) => at(each, world)) });
/** Nothing is pinned: no test has a way to Docker Hub. */
const shortName = (skipped: string) => () => ({
  imageReferences: ['*'],
  skipImageReferences: [skipped],
  mutateDigest: false,
  verifyDigest: false,
});
const asking = (attestors: (world: World) => readonly AttestorSet[], more: Fields = {}) => {
  return (world: World) => ({ attestors: attestors(world), ...more });
};

const patterns: readonly Corner[] = [
  { about: 'what is skipped', images: ['HOST/app:none'], entry: skipping('HOST/app:none') },
  { about: 'one skipped, one good', images: ['HOST/app:none', 'HOST/app:a'], entry: skipping('HOST/app:none') },
  { about: 'one skipped, one bad', images: ['HOST/lib/tool:a', 'HOST/app:none'], entry: skipping('HOST/lib/*') },
  { about: 'a tag skipped, a digest written too', images: ['HOST/app:none@'], entry: skipping('HOST/app:none') },
  {
    about: 'what is skipped and not pinned',
    images: ['HOST/app:none'],
    entry: (world) => ({ ...skipping('HOST/app:none')(world), mutateDigest: false }),
    reason: 'What is skipped needs no digest',
  },
  {
    about: 'what is skipped and need not be pinned',
    images: ['HOST/app:none', 'HOST/app:a'],
    entry: (world) => ({ ...skipping('HOST/app:none')(world), mutateDigest: false, verifyDigest: false }),
  },
  {
    about: 'what is skipped by a digest',
    images: ['HOST/app:none@'],
    entry: (world) => ({ ...skipping('HOST/app@sha256:*')(world), mutateDigest: false }),
  },
  { about: 'a tag and a digest', images: ['HOST/app:a@'], entry: references('HOST/app*') },
  {
    about: 'any tag, a digest written too',
    images: ['HOST/app:none@'],
    entry: references('HOST/app:*'),
    reason: 'Patterns cover every spelling',
  },
  { about: 'a digest asked for, a tag written', images: ['HOST/app:none'], entry: references('HOST/app@sha256:*') },
  { about: 'a digest asked for and written', images: ['HOST/app:a@'], entry: references('HOST/app@sha256:*') },
  { about: 'the rest of a name', images: ['HOST/lib/tool:a'], entry: references('HOST/*:?') },
  { about: 'a case that differs', images: ['HOST/app:none'], entry: references('HOST/APP:*', 'HOST/lib/*') },
  { about: 'a skipped short name', images: ['nginx'], entry: shortName('docker.io/nginx*') },
  {
    about: 'a skipped short name by its real one',
    images: ['nginx'],
    entry: shortName('docker.io/library/*'),
    reason: 'library/ and Docker Hub',
  },
  { about: 'an ID of an image', images: [`sha256:${'a'.repeat(64)}`], reason: 'An image text that does not parse' },
  { about: 'an image that is absent', images: ['HOST/app:absent'] },
  {
    about: 'a registry that is down',
    images: ['localhost:1/app:a'],
    entry: () => ({ imageReferences: ['localhost:1/*'] }),
  },
];

const attestors: readonly Corner[] = [
  {
    about: 'two keys in one text, both have to sign',
    images: ['HOST/app:a'],
    entry: asking(({ keys: { a, b } }) => [{ entries: [keys(a + b)] }]),
  },
  {
    about: 'two keys in one text, both signed',
    images: ['HOST/app:ab'],
    entry: asking(({ keys: { a, b } }) => [{ entries: [keys(a + b)] }]),
  },
  {
    about: 'two keys in one text, one is enough',
    images: ['HOST/app:b'],
    entry: asking(({ keys: { a, b } }) => [{ count: 1, entries: [keys(a + b)] }]),
  },
  {
    about: 'a key twice',
    images: ['HOST/app:a'],
    entry: asking(({ keys: { a, b } }) => [{ count: 2, entries: [keys(a), keys(b), keys(a)] }]),
    reason: 'The same signer twice is not two',
  },
  {
    about: 'a set in a set in a set',
    images: ['HOST/app:ab'],
    entry: asking(({ keys: { a, b, c } }) => [
      { entries: [keys(a), nested({ count: 1, entries: [keys(c), nested({ entries: [keys(b)] })] })] },
    ]),
  },
  {
    about: 'a set in a set in a set, one lacks',
    images: ['HOST/app:a'],
    entry: asking(({ keys: { a, b, c } }) => [
      { entries: [keys(a), nested({ count: 1, entries: [keys(c), nested({ entries: [keys(b)] })] })] },
    ]),
  },
  {
    about: 'two sets',
    images: ['HOST/app:ab'],
    entry: asking(({ keys: { a, b } }) => [{ entries: [keys(a)] }, { entries: [keys(b)] }]),
  },
  {
    about: 'two sets, one lacks',
    images: ['HOST/app:b'],
    entry: asking(({ keys: { a, b } }) => [{ entries: [keys(a)] }, { entries: [keys(b)] }]),
  },
  ...[{ env: 'prod' }, { env: 'p*' }, { env: 'prod', team: 'two' }, { other: 'x' }].map((annotations) => ({
    about: `claims ${JSON.stringify(annotations)}`,
    images: ['HOST/app:prod'],
    entry: asking(({ keys: { a } }) => [{ entries: [keys(a, { annotations })] }]),
  })),
  {
    about: 'claims of an entry, the older form',
    images: ['HOST/app:test'],
    entry: () => ({ annotations: { env: 'prod' } }),
  },
  {
    about: 'signatures elsewhere',
    images: ['HOST/app:a'],
    entry: asking(({ keys: { a }, host }) => [{ entries: [keys(a, { repository: `${host}/signatures` })] }]),
  },
  { about: 'a bundle asked for', images: ['BUNDLES/app:bundle'], entry: () => ({ type: 'SigstoreBundle' }) },
  { about: 'a bundle asked for, none there', images: ['HOST/app:a'], entry: () => ({ type: 'SigstoreBundle' }) },
  {
    about: 'a bundle, not asked for',
    images: ['BUNDLES/app:bundle'],
    reason: 'Both ways in which cosign stores a signature',
  },
  {
    about: 'nobody asked for, but a digest',
    images: ['HOST/app:none'],
    entry: () => ({ attestors: [], required: false }),
  },
  { about: 'nobody asked for, and required', images: ['HOST/app:none'], entry: () => ({ attestors: [] }) },
  {
    about: 'a digest that is neither there nor written',
    images: ['HOST/app:a'],
    entry: () => ({ mutateDigest: false }),
  },
  { about: 'a digest that is there', images: ['HOST/app:a@'], entry: () => ({ mutateDigest: false }) },
  {
    about: 'not required and unsigned',
    images: ['HOST/app:none'],
    entry: () => ({ required: false, verifyDigest: false }),
  },
];

const review = (more: Fields) => (world: World) => ({
  attestations: [{ type: reviewType, attestors: [byA(world)], ...more }],
});
const conditions = (key: string, operator: string, value: unknown) => ({
  conditions: [{ all: [{ key, operator, value }] }],
});

const attestations: readonly Corner[] = [
  { about: 'a review', images: ['HOST/app:good'], entry: review({}) },
  { about: 'no review', images: ['HOST/app:a'], entry: review({}) },
  {
    about: 'a review by another',
    images: ['HOST/app:only-review'],
    entry: (world) => ({ ...review({})(world), attestors: [] }),
  },
  { about: 'a review alone', images: ['HOST/app:good'], entry: (world) => ({ ...review({})(world), attestors: [] }) },
  {
    about: 'each of two reviews',
    images: ['HOST/app:mixed'],
    entry: review(conditions('{{ approved }}', 'Equals', true)),
  },
  {
    about: 'a review by nobody named',
    images: ['HOST/app:good'],
    entry: () => ({ attestations: [{ type: reviewType }] }),
    reason: 'Nobody named is never anybody',
  },
  {
    about: 'a review by one of two keys in one text',
    images: ['HOST/app:only-review'],
    entry: ({ keys: { a, b } }) => ({
      attestors: [],
      attestations: [{ type: reviewType, attestors: [{ count: 1, entries: [keys(a + b)] }] }],
    }),
    reason: 'Attestors of attestations are attestors',
  },
  {
    about: 'a review by a nested set',
    images: ['HOST/app:good'],
    entry: (world) => ({ attestations: [{ type: reviewType, attestors: [{ entries: [nested(byA(world))] }] }] }),
    reason: 'Attestors of attestations are attestors',
  },
  {
    about: 'a field called request',
    images: ['HOST/app:shadow'],
    entry: review(conditions('{{ request.operation }}', 'Equals', 'CREATE')),
    reason: 'A predicate hides no variable',
  },
  {
    about: 'a field that looks like a variable',
    images: ['HOST/app:shadow'],
    entry: review(conditions('{{ note }}', 'Equals', 'NONE')),
    reason: 'A value is never read as an expression',
  },
  {
    about: 'a function of a field',
    images: ['HOST/app:good'],
    entry: review(conditions("{{ join('+', by) }}", 'Equals', 'alice+bob')),
  },
  {
    about: 'a predicate type, the older way',
    images: ['HOST/app:good'],
    entry: (world) => ({ attestations: [{ predicateType: reviewType, attestors: [byA(world)] }] }),
  },
  {
    about: 'a denial by what is attested',
    images: ['HOST/app:bad'],
    entry: (world) => ({
      ...review({ name: 'review' })(world),
      validate: {
        message: 'not approved',
        deny: { conditions: { any: [{ key: '{{ review.approved }}', operator: 'Equals', value: false }] } },
      },
    }),
  },
  {
    about: 'no denial by what is attested',
    images: ['HOST/app:good'],
    entry: (world) => ({
      ...review({ name: 'review' })(world),
      validate: {
        message: 'not approved',
        deny: { conditions: { any: [{ key: '{{ review.approved }}', operator: 'Equals', value: false }] } },
      },
    }),
  },
];

export const imageCorners: readonly Draft[] = [...patterns, ...attestors, ...attestations].map(cornerOf);
