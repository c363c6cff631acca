import { makeImage, sign } from '../../local/signer/signer.ts';
import { about, admit, equals, openAttested, scanType } from '../e2e/attested.ts';
import { byKey, openWorld, review, type World } from '../e2e/harness.ts';

// A19: names of a map are its author's. V8's JSON.parse takes one that is written with an escape for another that it saw before in its
// place, and what stood under it is lost: an image that nobody has signed, or a finding of a scan.

const backslash = '\\';
/** Names in the order in which an API server writes them; which of them were seen before decides. */
const attack = ['!p', '<', backslash, `${backslash}u003c`] as const;
const before = [
  ['!p', '<', backslash + backslash],
  ['!p', backslash, `${backslash}u003c`, 'a'],
];

/** As an API server writes it. */
function asGo(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object with these fields, in their order. */
function map<T>(names: readonly string[], value: (name: string) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

describe('A19 an image under a name of a map', () => {
  let world: World;
  let signed: string;
  let unsigned: string;

  beforeAll(async () => {
    world = await openWorld();
    const { destination, team: key, registry } = world;
    const make = async (repository: string) => {
      const digest = await makeImage(destination, repository, '1', { label: repository });
      return { repository, digest, name: `${registry.host}/${repository}:1@${digest}` };
    };
    const good = await make('x/signed');
    await sign(destination, { ...good, key });
    signed = good.name;
    unsigned = (await make('x/unsigned')).name;
  });
  afterAll(() => world.close());

  function policyUnder(failurePolicy: 'Fail' | 'Ignore'): string {
    const verifyImages = [
      { imageReferences: [`${world.registry.host}/x/*`], attestors: [{ entries: [byKey(world.team)] }] },
    ];
    const match = { any: [{ resources: { kinds: ['ci.example.com/v1/Pipe'] } }] };
    const imageExtractors = { Pipe: [{ path: '/spec/images/*/image' }] };
    const rules = [{ name: 'check', match, imageExtractors, verifyImages }];
    const spec = { validationFailureAction: 'Enforce', failurePolicy, rules };
    return JSON.stringify({ apiVersion: 'kyverno.io/v1', kind: 'ClusterPolicy', metadata: { name: 'p' }, spec });
  }

  const ask = (path: string, images: Readonly<Record<string, string>>, more: object = {}) => {
    const spec = { images: map(Object.keys(images), (name) => ({ image: images[name] })) };
    const metadata = { name: 'pipe', namespace: 'default', ...more };
    return world.send(path, asGo(review({ apiVersion: 'ci.example.com/v1', kind: 'Pipe', metadata, spec })));
  };

  describe.each(['Fail', 'Ignore'] as const)('under failurePolicy %s', (failurePolicy) => {
    // Their author has seen to it by dry runs.
    beforeAll(async () => {
      world.policies(policyUnder(failurePolicy));
      for (const names of before) {
        for (let time = 0; time < 2; time += 1) {
          const answer = await ask(
            '/mutate',
            map(names, () => signed),
          );
          expect(answer).toMatchObject({ allowed: true });
          JSON.parse(asGo(map(names, () => ({}))));
        }
      }
    });

    const owned = { 'f:spec': { 'f:images': { [`k:{"name":"app"}`]: { '.': {} } } } };

    test.each([
      ['', {}],
      [' of an object with managedFields', { managedFields: [{ manager: 'kubectl', fieldsV1: owned }] }],
    ])('is verified, whatever was read before%s', async (_, metadata) => {
      for (const path of ['/mutate', '/validate']) {
        const images = map(attack, (name) => (name === '<' ? unsigned : signed));
        const answer = await ask(path, images, metadata);
        expect(answer).toMatchObject({ allowed: false, code: 403 });
        expect(answer.message).toContain('/x/unsigned:1@');
      }
    });

    test('is let in where it is signed, with all its names', async () => {
      expect(
        await ask(
          '/mutate',
          map(attack, () => signed),
        ),
      ).toMatchObject({ allowed: true });
      expect(world.records.at(-1)?.images).toHaveLength(attack.length);
    });
  });
});

describe('A19 a finding under a name of a predicate', () => {
  test.each([
    ['is found, whatever was read before', 3, false],
    ['is none where it is low', 0, true],
  ])('%s', async (_, severity, allowed) => {
    const it = await openAttested();
    const names = ['!p', '\t', backslash, `${backslash}t`];
    for (const seen of [
      ['!p', '\t', backslash + backslash],
      ['!p', backslash, `${backslash}t`, 'a'],
    ]) {
      for (let time = 0; time < 2; time += 1) JSON.parse(asGo(map(seen, () => ({}))));
    }
    const files = map(names, (name) => ({ severity: name === '\t' ? severity : 0 }));
    await it.image.attest({ files });
    const conditions = [{ all: [equals('{{ max(values(files)[].severity) }}', 0)] }];
    const attestors = [{ entries: [byKey(it.team)] }];
    it.policies(about(it, { keys: [], attestations: [{ name: 'scan', type: scanType, attestors, conditions }] }));
    expect((await admit(it, it.image.name)).allowed).toBe(allowed);
    await it.close();
  });
});
