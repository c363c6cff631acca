import { makeImage } from '../../local/signer/signer.ts';
import { about, admit, all, by, configMap, equals, openAttested, pushImage, scanType, told } from '../e2e/attested.ts';
import { type PodParts, pod, review, type World } from '../e2e/harness.ts';

// An UPDATE that leaves an image alone asks nothing about it. Whoever writes the object must not come by way of that to what a CREATE
// would be denied: by labels, annotations and fields that are other ones than when the rule was asked. Each with the update that passes.

const policies = ['Fail', 'Ignore'] as const;
const purposes = ['mutate', 'validate'] as const;
type Purpose = (typeof purposes)[number];
type Parts = Parameters<typeof about>[1];

async function update(world: World, before: object, after: object, purpose: Purpose = 'mutate', more = {}) {
  const answer = told(await world.send(`/${purpose}`, review(after, before, more)));
  return /^\d+ \([a-z-]+\)/.exec(answer)?.[0] ?? answer;
}

const reasonOf = async (world: World, object: object, purpose: Purpose = 'mutate') =>
  /^\d+ \([a-z-]+\)|^allowed/.exec(told(await admit(world, object, purpose)))?.[0];

const tierOf = "{{ request.object.metadata.labels.tier || '' }}";
const notDev = all({ key: tierOf, operator: 'NotEquals', value: 'dev' });

describe('A16: an object is relabelled past what it was let in by', () => {
  describe.each(policies)('past a precondition, failurePolicy %s', (failurePolicy) => {
    const unsigned = async (world: World) => pushImage(world, { repository: 'acme/unsigned', by: world.stranger });

    test.each(purposes)('by a label, in %s', async (purpose) => {
      await using it = await openAttested();
      it.policies(about(it, { failurePolicy, preconditions: notDev }));
      const image = await unsigned(it);
      const labelled = (tier: string, more: object = {}) => pod([image.pinned], { labels: { tier, ...more } });
      expect(await reasonOf(it, labelled('dev'), purpose)).toBe('allowed');
      expect(await reasonOf(it, labelled('prod'), purpose)).toBe('403 (signature-mismatch)');
      expect(await update(it, labelled('dev'), labelled('prod'), purpose)).toBe('403 (signature-mismatch)');
      const { message } = await it.send(`/${purpose}`, review(labelled('prod'), labelled('dev')));
      expect(message).toContain('asked anew: the update leaves this image, and changes what the rule asks');
      expect((await admit(it, labelled('prod'), purpose)).message).not.toContain('asked anew');
      // What the rule asks is as it was.
      expect(await update(it, labelled('dev'), labelled('dev', { a: 'b' }), purpose)).toBe('allowed');
      expect(await update(it, labelled('prod'), labelled('prod', { a: 'b' }), purpose)).toBe('allowed');
      expect(await update(it, labelled('prod'), labelled('dev'), purpose)).toBe('allowed');
      // An image that is good may be relabelled.
      const signed = (tier: string) => pod([it.image.pinned], { labels: { tier } });
      expect(await update(it, signed('dev'), signed('prod'), purpose)).toBe('allowed');
    });

    const asks: Readonly<Record<string, (image: string, tier: string) => object>> = {
      'an annotation': (image, tier) => pod([image], { annotations: { tier } }),
      'a field of the spec': (image, tier) => ({ ...pod([]), spec: { ...pod([image]).spec, priorityClassName: tier } }),
      'a field beside the spec': (image, tier) => ({ ...pod([image]), immutable: tier }),
      'the name of another container': (image, tier) => pod([image], { initContainers: tier === 'dev' ? [image] : [] }),
    };
    const keys: Readonly<Record<string, string>> = {
      'an annotation': "{{ request.object.metadata.annotations.tier || '' }}",
      'a field of the spec': "{{ request.object.spec.priorityClassName || '' }}",
      'a field beside the spec': "{{ request.object.immutable || '' }}",
      'the name of another container': "{{ images.initContainers && 'dev' || 'prod' }}",
    };

    test.each(Object.entries(asks))('by %s', async (what, make) => {
      await using it = await openAttested();
      const preconditions = all({ key: keys[what], operator: 'NotEquals', value: 'dev' });
      it.policies(about(it, { failurePolicy, preconditions }));
      const image = await unsigned(it);
      expect(await reasonOf(it, make(image.pinned, 'dev'))).toBe('allowed');
      expect(await update(it, make(image.pinned, 'dev'), make(image.pinned, 'prod'))).toBe('403 (signature-mismatch)');
      expect(await update(it, make(image.pinned, 'dev'), make(image.pinned, 'dev'))).toBe('allowed');
    });

    test.each<[string, (images: readonly string[], parts: PodParts) => object]>([
      ['an init container', ([image = ''], parts) => pod([], { ...parts, initContainers: [image] })],
      ['an image volume', ([image = ''], parts) => pod([], { ...parts, volumes: [image] })],
      [
        'a debug container that runs',
        ([image = ''], parts) => ({
          ...pod([], parts),
          spec: { containers: [], ephemeralContainers: [{ name: 'd', image }] },
        }),
      ],
    ])('with the image of %s', async (_, make) => {
      await using it = await openAttested();
      it.policies(about(it, { failurePolicy, preconditions: notDev }));
      const image = await unsigned(it);
      const labelled = (tier: string) => make([image.pinned], { labels: { tier } });
      expect(await update(it, labelled('dev'), labelled('prod'))).toBe('403 (signature-mismatch)');
      expect(await update(it, labelled('dev'), labelled('dev'))).toBe('allowed');
    });

    test('the Pods of a controller', async () => {
      await using it = await openAttested();
      it.policies(about(it, { failurePolicy, preconditions: notDev }));
      const image = await unsigned(it);
      const deployment = (tier: string, replicas = 1) => ({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: 'default' },
        spec: { replicas, template: { metadata: { labels: { tier } }, spec: pod([image.pinned]).spec } },
      });
      expect(await reasonOf(it, deployment('dev'))).toBe('allowed');
      expect(await update(it, deployment('dev'), deployment('prod'))).toBe('403 (signature-mismatch)');
      expect(await update(it, deployment('dev'), deployment('dev', 2))).toBe('allowed');
    });

    test('through a subresource that a rule names', async () => {
      await using it = await openAttested();
      it.policies(about(it, { failurePolicy, kinds: ['Pod', 'Pod/status'], preconditions: notDev }));
      const image = await unsigned(it);
      const labelled = (tier: string) => ({ ...pod([image.pinned], { labels: { tier } }), status: { phase: tier } });
      const status = { subResource: 'status' };
      expect(await update(it, labelled('dev'), labelled('prod'), 'mutate', status)).toBe('403 (signature-mismatch)');
      expect(await update(it, labelled('dev'), labelled('dev'), 'mutate', status)).toBe('allowed');
    });
  });

  describe.each(policies)('past the conditions of an attestation, failurePolicy %s', (failurePolicy) => {
    const conditions = [all(equals('{{ tier }}', tierOf))];
    const attestation = (world: World) => ({ name: 'scan', type: scanType, attestors: by(world.team), conditions });
    const ways: Readonly<Record<string, (world: World) => Parts>> = {
      'in conditions': (world) => ({ keys: [], attestations: [attestation(world)] }),
      'in conditions beside a key that depends on the object': (world) => ({
        keys: [],
        context: [{ name: 'keys', configMap: { name: 'keys' } }],
        attestations: [
          {
            ...attestation(world),
            attestors: [
              {
                entries: [
                  { keys: { publicKeys: '{{ keys.data."{{ request.namespace }}" }}', rekor: { ignoreTlog: true } } },
                ],
              },
            ],
          },
        ],
      }),
      'in conditions by way of the context': (world) => ({
        keys: [],
        context: [{ name: 'tier_of', variable: { jmesPath: 'request.object.metadata.labels.tier' } }],
        attestations: [{ ...attestation(world), conditions: [all(equals('{{ tier }}', '{{ tier_of }}'))] }],
      }),
      'in validate.deny': (world) => ({
        keys: [],
        attestations: [{ ...attestation(world), conditions: undefined }],
        validate: {
          deny: { conditions: { all: [{ key: '{{ scan.tier }}', operator: 'NotEquals', value: tierOf }] } },
        },
      }),
    };

    test.each(Object.entries(ways))('%s', async (_, parts) => {
      await using it = await openAttested();
      await it.image.attest({ tier: 'dev' });
      it.policies(about(it, { failurePolicy, ...parts(it) }), configMap('keys', { default: it.team.publicKeyPem }));
      const labelled = (tier: string, more: object = {}) => pod([it.image.pinned], { labels: { tier, ...more } });
      for (const purpose of purposes) {
        expect(await reasonOf(it, labelled('dev'), purpose)).toBe('allowed');
        const denied = await reasonOf(it, labelled('prod'), purpose);
        expect(denied).toMatch(/^403 \((?:condition-failed|deny-condition)\)/);
        expect(await update(it, labelled('dev'), labelled('prod'), purpose)).toBe(denied);
        expect(await update(it, labelled('dev'), labelled('dev', { a: 'b' }), purpose)).toBe('allowed');
      }
    });

    test.each(Object.entries(ways))('%s: finalizers wait for no registry', async (_, parts) => {
      await using it = await openAttested();
      it.policies(about(it, { failurePolicy, ...parts(it) }), configMap('keys', { default: it.team.publicKeyPem }));
      it.registry.settings.intercept = () => ({ kind: 'status', status: 503 });
      const before = pod([it.image.pinned], { labels: { tier: 'dev' }, finalizers: ['a/b'] });
      const after = pod([it.image.pinned], { labels: { tier: 'dev' } });
      expect(await update(it, before, { ...after, status: { phase: 'Failed' } })).toBe('allowed');
      expect(it.registry.requests).toEqual([]);
    });
  });

  describe('past a key or an identity of the rule', () => {
    const context = [{ name: 'keys', configMap: { name: 'keys' } }];
    const attestors = [
      {
        entries: [
          {
            keys: {
              publicKeys: '{{ keys.data."{{ request.object.metadata.labels.team }}" }}',
              rekor: { ignoreTlog: true },
            },
          },
        ],
      },
    ];

    test.each(policies)('failurePolicy %s', async (failurePolicy) => {
      await using it = await openAttested();
      const keys = configMap('keys', { a: it.team.publicKeyPem, b: it.stranger.publicKeyPem });
      it.policies(about(it, { failurePolicy, context, attestors }), keys);
      const labelled = (team: string, more: object = {}) => pod([it.image.pinned], { labels: { team, ...more } });
      expect(await reasonOf(it, labelled('a'))).toBe('allowed');
      expect(await update(it, labelled('a'), labelled('b'))).toBe('403 (signature-mismatch)');
      expect(await update(it, labelled('a'), labelled('none'))).toBe('403 (variable-unresolved)');
      expect(await update(it, labelled('a'), labelled('a', { x: 'y' }))).toBe('allowed');
      // What was let in under another key stays as it is.
      expect(await update(it, labelled('b'), labelled('b', { x: 'y' }))).toBe('allowed');
    });
  });
});

describe('A13, of variables: what comes along with a debug container is not stored', () => {
  test.each(policies.flatMap((policy) => [true, false].map((required) => [policy, required] as const)))(
    'failurePolicy %s, required: %s',
    async (failurePolicy, required) => {
      await using it = await openAttested();
      const debug = await makeImage(it.destination, 'acme/debug', '1', { label: 'debug' });
      const preconditions = all(
        { key: "{{ request.object.metadata.labels.unchecked || '' }}", operator: 'NotEquals', value: 'yes' },
        { key: "{{ request.object.metadata.annotations.unchecked || '' }}", operator: 'NotEquals', value: 'yes' },
        { key: "{{ request.object.spec.priorityClassName || '' }}", operator: 'NotEquals', value: 'unchecked' },
        { key: "{{ request.object.spec.containers[?name == 'unchecked'] | length(@) }}", operator: 'Equals', value: 0 },
      );
      it.policies(about(it, { failurePolicy, entry: [`required: ${required}`], preconditions }));
      const running = pod([it.image.pinned]);
      const debugged = (image: string, metadata: object = {}, spec: object = {}) => ({
        ...running,
        metadata: { ...running.metadata, ...metadata },
        spec: { ...running.spec, ...spec, ephemeralContainers: [{ name: 'debug', image }] },
      });
      const through = { subResource: 'ephemeralcontainers', requestSubResource: 'ephemeralcontainers' };
      const unsigned = `${it.registry.host}/acme/debug:1@${debug}`;
      for (const [metadata, spec] of [
        [{}, {}],
        [{ labels: { unchecked: 'yes' } }, {}],
        [{ annotations: { unchecked: 'yes' } }, {}],
        [{}, { priorityClassName: 'unchecked' }],
        [{}, { containers: [...running.spec.containers, { name: 'unchecked', image: it.image.pinned }] }],
      ]) {
        const change = debugged(unsigned, metadata, spec);
        expect(await update(it, running, change, 'mutate', through)).toBe('403 (no-signature)');
        expect(await update(it, running, debugged(it.image.pinned, metadata, spec), 'mutate', through)).toBe('allowed');
      }
      // A Pod that runs unchecked has unchecked debug containers.
      const unchecked = pod([it.image.pinned], { labels: { unchecked: 'yes' } });
      const its = {
        ...unchecked,
        spec: { ...unchecked.spec, ephemeralContainers: [{ name: 'debug', image: unsigned }] },
      };
      expect(await update(it, unchecked, its, 'mutate', through)).toBe('allowed');
    },
  );
});
