import fc from 'fast-check';
import { attestation, attestorSet, type Drawn } from './attestors.ts';
import { type Draft, type Fields, type Holding, type Kind, pods, policyFor, workload } from './case.ts';
import type { ImageName } from './world.ts';

// Cases drawn at random, of what rules can say together. The corners have what needs a case of its own.

const patterns = fc.constantFrom<readonly string[]>(
  ['HOST/*'],
  ['HOST/*'],
  ['HOST/*'],
  ['HOST/*'],
  ['HOST/app*'],
  ['HOST/app:*'],
  ['HOST/app:?'],
  ['HOST/app:a*', 'HOST/app:b'],
  ['HOST/lib/*'],
  ['HOST/*/tool*'],
  ['*'],
  ['other.example/*'],
);
const skips = fc.constantFrom<readonly string[]>(['HOST/app:none*'], ['HOST/lib/*'], ['HOST/app*'], ['HOST/*:a']);

/** Fields of an entry that Kyverno takes together: a digest is pinned by a policy that enforces alone. */
const flags = fc.record(
  { required: fc.boolean(), verifyDigest: fc.boolean(), useCache: fc.boolean() },
  { requiredKeys: [], noNullPrototype: true },
);

const entry: fc.Arbitrary<Drawn<Record<string, unknown>>> = fc
  .tuple(
    patterns,
    fc.option(skips, { freq: 1 }),
    fc.array(attestorSet, { minLength: 1, maxLength: 2 }),
    fc.option(fc.array(attestation, { minLength: 1, maxLength: 2 }), { freq: 1 }),
    flags,
    fc.option(fc.boolean()),
  )
  .map(([covered, skipped, sets, attested, said, mutateDigest]) => (world) => {
    const at = (list: readonly string[]) => list.map((pattern) => pattern.replace('HOST', world.host));
    return {
      imageReferences: at(covered),
      ...(skipped === null ? {} : { skipImageReferences: at(skipped) }),
      attestors: sets.map((set) => set(world)),
      ...(attested === null ? {} : { attestations: attested.map((one) => one(world)) }),
      ...said,
      ...(mutateDigest === null ? {} : { mutateDigest }),
    };
  });

const image: fc.Arbitrary<Drawn<string>> = fc
  .tuple(
    fc.constantFrom<ImageName>(
      'app:a',
      'app:a',
      'app:b',
      'app:ab',
      'app:ab',
      'app:c',
      'app:none',
      'app:prod',
      'app:test',
      'app:good',
      'app:good',
      'app:bad',
      'app:mixed',
      'app:both',
      'app:only-review',
      'app:index',
      'lib/tool:a',
      'lib/tool:none',
    ),
    fc.constantFrom('tag', 'tag', 'digest', 'both'),
  )
  .map(([name, how]) => (world) => {
    if (how === 'tag') return `${world.host}/${name}`;
    const before = how === 'both' ? name : name.split(':')[0];
    return `${world.host}/${before}@${world.digest(name)}`;
  });

const kinds = fc.constantFrom<Kind>('Pod', 'Pod', 'Pod', 'Deployment', 'StatefulSet', 'Job', 'CronJob');
const labels = fc.constantFrom<Record<string, string>>(
  {},
  { tier: 'web' },
  { tier: 'db', 'acme.example/owner': 'one' },
);
const place = fc.constantFrom('', '-prod', '-dev');

interface Placed {
  readonly place: string;
  readonly name: string;
  readonly held: Drawn<Holding>;
}

const placed: fc.Arbitrary<Placed> = fc
  .tuple(
    place,
    fc.constantFrom('web', 'worker'),
    kinds,
    labels,
    fc.array(image, { minLength: 1, maxLength: 2 }),
    fc.option(image, { freq: 1 }),
    fc.option(image, { freq: 1 }),
  )
  .map(([where, name, kind, labelled, containers, init, debug]) => ({
    place: where,
    name,
    held: (world) => ({
      kind,
      labels: labelled,
      annotations: labelled,
      containers: containers.map((each) => each(world)),
      ...(init === null ? {} : { init: [init(world)] }),
      ...(debug === null || kind !== 'Pod' ? {} : { ephemeral: [debug(world)] }),
    }),
  }));

/** What a rule is about; a name, a selector or an annotation keeps it from being made for controllers too. */
const matches = fc.constantFrom<(name: string) => Fields>(
  (name) => ({ match: { any: [pods(name)] } }),
  (name) => ({ match: { any: [pods(name)] } }),
  (name) => ({ match: { all: [pods(name)] } }),
  (name) => ({ match: pods(name) }),
  (name) => ({ match: { any: [pods(name, { names: ['we?', 'db-*'] })] } }),
  (name) => ({ match: { any: [pods(name, { selector: { matchLabels: { tier: 'w*' } } })] } }),
  (name) => ({ match: { any: [pods(name, { annotations: { tier: '*' } }), pods(name, { name: 'worker' })] } }),
  (name) => ({ match: { all: [pods(name), pods(name, { selector: chosen('tier', 'In', ['web', 'db']) })] } }),
  (name) => ({ match: { any: [pods(name, { operations: ['CREATE'] })] } }),
  (name) => ({ match: { any: [pods(name, { kinds: ['Pod', 'Deployment', 'batch/v1/Job'] })] } }),
  (name) => ({ match: { any: [pods(name, { kinds: ['*/CronJob', 'apps/*/StatefulSet'] })] } }),
);
const excludes = fc.constantFrom<(name: string) => Fields>(
  (name) => ({ exclude: { any: [pods(name, { namespaces: [`${name}-dev`] })] } }),
  (name) => ({ exclude: { any: [pods(name, { names: ['work*'] })] } }),
  (name) => ({ exclude: { all: [pods(name), pods(name, { selector: { matchLabels: { tier: 'db' } } })] } }),
  (name) => ({ exclude: { any: [pods(name, { selector: chosen('tier', 'DoesNotExist') })] } }),
  (name) => ({ exclude: { any: [pods(name, { operations: ['DELETE'] })] } }),
);

function chosen(key: string, operator: string, values?: readonly string[]): object {
  return { matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] };
}

const preconditions = fc.constantFrom<object>(
  { all: [{ key: '{{ request.operation }}', operator: 'Equals', value: 'CREATE' }] },
  { any: [{ key: "{{ request.object.metadata.labels.tier || '' }}", operator: 'AnyIn', value: ['web'] }] },
  { all: [{ key: '{{ request.object.metadata.name }}', operator: 'NotEquals', value: 'worker' }] },
  { all: [{ key: '{{ request.namespace }}', operator: 'Equals', value: '*-prod' }] },
  { all: [{ key: '{{ tier }}', operator: 'Equals', value: 'web' }] },
);
const context = [{ name: 'tier', variable: { jmesPath: 'request.object.metadata.labels.tier', default: 'none' } }];

const actions = fc.constantFrom<(name: string) => Fields>(
  () => ({}),
  () => ({}),
  () => ({ failurePolicy: 'Ignore' }),
  () => ({ validationFailureAction: 'Audit' }),
  (name) => ({ validationFailureActionOverrides: [{ action: 'Audit', namespaces: [`${name}-dev`] }] }),
  () => ({ applyRules: 'One' }),
);

const draft: fc.Arbitrary<Draft> = fc
  .tuple(
    fc.array(entry, { minLength: 1, maxLength: 2 }),
    matches,
    fc.option(excludes, { freq: 1 }),
    fc.option(preconditions, { freq: 1 }),
    actions,
    fc.uniqueArray(placed, { minLength: 1, maxLength: 2, selector: (one) => one.name }),
  )
  .map(([entries, match, exclude, met, action, resources]) => (name, world) => {
    const spec = action(name);
    const audits = JSON.stringify(spec).includes('Audit');
    const rule = {
      ...match(name),
      ...exclude?.(name),
      ...(met === null ? {} : { context, preconditions: met }),
    };
    const written = entries.map((one) => ({ ...one(world), ...(audits ? { mutateDigest: false } : {}) }));
    return {
      about: 'drawn',
      policy: policyFor(name, written, { spec, rule }),
      resources: resources.map((one) => workload(`${name}${one.place}`, one.name, one.held(world))),
    };
  });

export function drawn(seed: number, count: number): Draft[] {
  return fc.sample(draft, { seed, numRuns: count });
}
