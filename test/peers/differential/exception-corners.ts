import { type Draft, type Fields, pods } from './case.ts';
import { kindsOf, type ObjectCorner, objectCornerOf, rule } from './object-corner.ts';
import type { World } from './world.ts';

// What exceptions take out of a rule, and images in objects that only extractors know.

const exception = (name: string, more: Fields = {}, resources: Fields = {}, rules: readonly string[] = ['signed']) => ({
  exceptions: [
    {
      apiVersion: 'kyverno.io/v2',
      kind: 'PolicyException',
      metadata: { name: `${name}-spared`, namespace: 'default' },
      spec: {
        match: { any: [pods(name, { kinds: ['Pod', 'Deployment'], ...resources })] },
        exceptions: [{ policyName: name, ruleNames: rules }],
        ...more,
      },
    },
  ],
});
const onlyIf = (value: string) => ({
  conditions: { all: [{ key: '{{ request.object.metadata.name }}', operator: 'Equals', value }] },
});

const exceptions: readonly ObjectCorner[] = [
  { about: 'an exception of all', more: (name) => exception(name) },
  { about: 'an exception by name', more: (name) => exception(name, {}, { names: ['ba*'] }) },
  {
    about: 'an exception by label',
    more: (name) => exception(name, {}, { selector: { matchLabels: { tier: 'web' } } }),
  },
  { about: 'an exception under a condition', more: (name) => exception(name, onlyIf('bad')) },
  { about: 'an exception under a condition that is not met', more: (name) => exception(name, onlyIf('other')) },
  { about: 'an exception of another rule', more: (name) => exception(name, {}, {}, ['other']) },
  { about: 'an exception of rules by a pattern', more: (name) => exception(name, {}, {}, ['sig*']) },
  {
    about: 'an exception that controllers have none of',
    resources: kindsOf('Deployment', 'Pod'),
    more: (name) => exception(name),
  },
  {
    about: 'an exception of controllers',
    resources: kindsOf('Deployment', 'Pod'),
    more: (name) => exception(name, {}, {}, ['autogen-signed']),
  },
  {
    about: 'an exception for updates',
    more: (name) => exception(name, {}, { operations: ['UPDATE'] }),
    reason: "Exceptions are the policies' own",
  },
  {
    about: 'an exception, and preconditions that are not met',
    policy: rule(() => ({
      preconditions: { all: [{ key: '{{ request.object.metadata.name }}', operator: 'Equals', value: 'good' }] },
    })),
    more: (name) => exception(name),
  },
];

const extractor = (...extractors: readonly Fields[]) =>
  rule((name) => ({
    match: { any: [{ resources: { kinds: ['acme.example/v1/Task'], namespaces: [name] } }] },
    imageExtractors: { Task: extractors },
  }));
const task = (...images: readonly (readonly [name: string, image: string])[]) => {
  return (name: string, { host }: World) => [
    {
      apiVersion: 'acme.example/v1',
      kind: 'Task',
      metadata: { name: 'build', namespace: name },
      spec: {
        steps: images.map(([step, image]) => ({
          name: step,
          image: `${host}/app:${image}`,
          uri: `docker://${host}/app:${image}`,
        })),
      },
    },
  ];
};

const extractors: readonly ObjectCorner[] = [
  {
    about: 'images of a custom resource',
    policy: extractor({ path: '/spec/steps/*/image' }),
    resources: task(['one', 'a'], ['two', 'none']),
  },
  {
    about: 'good images of a custom resource',
    policy: extractor({ path: '/spec/steps/*/image' }),
    resources: task(['one', 'a'], ['two', 'ab']),
  },
  {
    about: 'images by a key',
    policy: extractor({ path: '/spec/steps/*', value: 'image', key: 'name' }),
    resources: task(['one', 'a'], ['two', 'none']),
  },
  {
    about: 'images made of a text',
    policy: extractor({ path: '/spec/steps/*/uri', jmesPath: "trim_prefix(@, 'docker://')" }),
    entry: () => ({ mutateDigest: false, verifyDigest: false }),
    resources: task(['one', 'a']),
  },
  {
    about: 'two images by one key',
    policy: extractor({ path: '/spec/steps/*', value: 'image', key: 'name' }),
    resources: task(['one', 'none'], ['one', 'a']),
    reason: 'Extractors overwrite and skip nothing',
  },
  {
    about: 'no images where they are looked for',
    policy: extractor({ path: '/spec/stages/*/image' }),
    resources: task(['one', 'a']),
  },
];

export const exceptionCorners: readonly Draft[] = [...exceptions, ...extractors].map(objectCornerOf);
