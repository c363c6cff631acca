import { keys } from '../policies.ts';
import { type Draft, type Fields, pods, policyFor, workload } from './case.ts';
import { byA } from './corners.ts';
import { both, held, kindsOf, type ObjectCorner, objectCornerOf, rule } from './object-corner.ts';

// Which objects rules are about, and what a rule has beside its entries.

const about = (name: string, more: Fields, resources: Fields = {}) => ({
  match: { all: [pods(name), { resources: { kinds: ['Pod'], ...resources }, ...more }] },
});

const subjects: readonly (readonly [string, Fields])[] = [
  ['a user', { kind: 'User', name: 'system:serviceaccount:ci:builder' }],
  ['another user', { kind: 'User', name: 'alice' }],
  ['a group', { kind: 'Group', name: 'builders' }],
  ['another group', { kind: 'Group', name: 'admins' }],
  ['a service account', { kind: 'ServiceAccount', namespace: 'ci', name: 'builder' }],
  ['another service account', { kind: 'ServiceAccount', namespace: 'cd', name: 'builder' }],
  ['a pattern of users', { kind: 'User', name: 'system:serviceaccount:*' }],
];

const matches: readonly ObjectCorner[] = [
  ...subjects.flatMap(([title, subject]): ObjectCorner[] => [
    { about: `about ${title}`, policy: rule((name) => about(name, { subjects: [subject] })) },
    {
      about: `but for ${title}`,
      policy: rule((name) => ({ exclude: { any: [{ ...pods(name), subjects: [subject] }] } })),
    },
  ]),
  ...['prod', 'dev'].map(
    (stage): ObjectCorner => ({
      about: `namespaces of ${stage}`,
      policy: rule((name) => about(name, {}, { namespaceSelector: { matchLabels: { stage } } })),
      more: (name) => ({ namespaces: { [name]: { stage: 'dev' }, [`${name}-prod`]: { stage: 'prod', open: 'yes' } } }),
    }),
  ),
  {
    about: 'namespaces by an expression',
    policy: rule((name) =>
      about(name, {}, { namespaceSelector: { matchExpressions: [{ key: 'open', operator: 'Exists' }] } }),
    ),
    more: (name) => ({ namespaces: { [name]: { stage: 'dev' }, [`${name}-prod`]: { stage: 'prod', open: 'yes' } } }),
  },
  {
    about: 'audited in namespaces by their labels',
    policy: () => ({
      spec: {
        validationFailureActionOverrides: [{ action: 'Audit', namespaceSelector: { matchLabels: { stage: 'prod' } } }],
      },
    }),
    entry: () => ({ mutateDigest: false, verifyDigest: false }),
    more: (name) => ({ namespaces: { [name]: { stage: 'dev' }, [`${name}-prod`]: { stage: 'prod' } } }),
  },
  { about: 'updates alone', policy: rule((name) => about(name, {}, { operations: ['UPDATE'] })) },
  {
    about: 'a kind with its version',
    policy: rule((name) => ({ match: { any: [{ resources: { kinds: ['v1/Pod'], namespaces: [name] } }] } })),
  },
  {
    about: 'excluded by all of a list',
    policy: rule((name) => ({ exclude: { all: [pods(name), { resources: { kinds: ['Pod'], names: ['ba*'] } }] } })),
  },
  {
    about: 'excluded by one of a list',
    policy: rule(() => ({
      exclude: {
        any: [{ resources: { kinds: ['Pod'], names: ['ba?'] } }, { resources: { kinds: ['Pod'], names: ['x'] } }],
      },
    })),
  },
  {
    about: 'excluded, the older form',
    policy: rule((name) => ({ exclude: { resources: { namespaces: [`${name}-p*`] } } })),
  },
  { about: 'controllers', resources: kindsOf('Deployment', 'StatefulSet', 'Job', 'CronJob') },
  {
    about: 'no controllers',
    policy: () => ({ annotations: { 'pod-policies.kyverno.io/autogen-controllers': 'none' } }),
    resources: kindsOf('Deployment', 'CronJob'),
  },
  {
    about: 'some controllers',
    policy: () => ({ annotations: { 'pod-policies.kyverno.io/autogen-controllers': 'Deployment,CronJob' } }),
    resources: kindsOf('Deployment', 'Job', 'CronJob'),
  },
  {
    about: 'a volume of an image',
    resources: (name, world) => [withVolume(workload(name, 'web', held('a', world)), `${world.host}/app:none`)],
    reason: 'Image volumes',
  },
  {
    about: 'a Deployment of another group',
    policy: rule((name) => ({ match: { any: [{ resources: { kinds: ['Deployment'], namespaces: [name] } }] } })),
    resources: (name, world) => [
      { ...workload(name, 'web', { kind: 'Deployment', ...held('none', world) }), apiVersion: 'acme.example/v1' },
    ],
    reason: 'Objects of other groups',
  },
];

function withVolume(pod: object, reference: string): object {
  const spec: unknown = 'spec' in pod ? pod.spec : {};
  return { ...pod, spec: { ...Object(spec), volumes: [{ name: 'data', image: { reference } }] } };
}

const variables: readonly ObjectCorner[] = [
  {
    about: 'a key from the context',
    policy: rule((_, { keys: { a } }) => ({ context: [{ name: 'key', variable: { value: a } }] })),
    entry: () => ({ attestors: [{ entries: [keys('{{ key }}')] }] }),
  },
  {
    about: 'a claim from a label',
    entry: ({ keys: { a } }) => ({
      attestors: [{ entries: [keys(a, { annotations: { env: '{{ request.object.metadata.labels.env }}' } })] }],
    }),
    resources: (name, world) =>
      ['prod', 'test'].map((env) => workload(name, env, { ...held('prod', world), labels: { env } })),
  },
  {
    about: 'a precondition without a value',
    policy: rule(() => ({
      preconditions: { all: [{ key: '{{ request.object.metadata.labels.none }}', operator: 'Equals', value: 'x' }] },
    })),
  },
  {
    about: 'a context without a value',
    policy: rule(() => ({
      context: [{ name: 'tier', variable: { jmesPath: 'request.object.metadata.labels.none' } }],
      preconditions: { all: [{ key: '{{ tier }}', operator: 'Equals', value: 'x' }] },
    })),
  },
  {
    about: 'images by their names',
    policy: rule(() => ({
      preconditions: { all: [{ key: '{{ images.containers."main-0".tag }}', operator: 'Equals', value: 'none' }] },
    })),
  },
  {
    about: 'a ConfigMap of a values file',
    policy: rule(() => ({
      context: [{ name: 'settings', configMap: { name: 'settings', namespace: 'default' } }],
      preconditions: { all: [{ key: '{{ settings.data.strict }}', operator: 'Equals', value: 'yes' }] },
    })),
    more: () => ({ values: { 'settings.data.strict': 'yes' } }),
  },
  {
    about: 'who asks',
    policy: rule(() => ({
      preconditions: { all: [{ key: '{{ request.userInfo.username }}', operator: 'Equals', value: '*:builder' }] },
    })),
  },
  {
    about: 'which service account asks',
    policy: rule(() => ({
      preconditions: { any: [{ key: '{{ serviceAccountName }}', operator: 'Equals', value: 'builder' }] },
    })),
  },
];

/** Rules and entries beside each other. */
const several: readonly Draft[] = [
  ...['All', 'One'].map(
    (applyRules): Draft =>
      (name, world) => ({
        about: `two rules, ${applyRules}`,
        policy: policyFor(name, [], {
          spec: {
            applyRules,
            rules: [
              {
                name: 'skips',
                match: { any: [pods(name)] },
                verifyImages: [
                  {
                    imageReferences: [`${world.host}/*`],
                    skipImageReferences: [`${world.host}/app:none`],
                    attestors: [byA(world)],
                  },
                ],
              },
              {
                name: 'signed',
                match: { any: [pods(name)] },
                verifyImages: [
                  { imageReferences: [`${world.host}/*`], attestors: [{ entries: [keys(world.keys.b)] }] },
                ],
              },
            ],
          },
        }),
        resources: both(name, world),
      }),
  ),
  (name, world) => ({
    about: 'two entries about one image',
    policy: policyFor(name, [
      { imageReferences: [`${world.host}/app:*`], attestors: [byA(world)] },
      { imageReferences: [`${world.host}/*`], attestors: [{ entries: [keys(world.keys.b)] }] },
    ]),
    resources: ['a', 'b', 'ab', 'none'].map((image) => workload(name, image, held(image, world))),
  }),
];

export const objectCorners: readonly Draft[] = [...[...matches, ...variables].map(objectCornerOf), ...several];
