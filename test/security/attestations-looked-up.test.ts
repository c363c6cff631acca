import { type LocalRegistry, on, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import {
  about,
  admit,
  all,
  by,
  configMap,
  equals,
  openAttested,
  pushImage,
  type RuleParts,
  scanType,
  told,
} from '../e2e/attested.ts';
import { pod, type World } from '../e2e/harness.ts';

// What a rule's context asks a registry about (`imageRegistry`): the image that is pinned, and no host that only the object names. Each
// with its twin that passes.

const policies = ['Fail', 'Ignore'] as const;
const looking = (reference: string) => [{ name: 'looked', imageRegistry: { reference } }];
const ofFirst = looking('{{ request.object.spec.containers[0].image }}');
const label = '{{ looked.configData.config.Labels.label }}';

async function reasonOf(world: World, asked: string | object): Promise<string> {
  const answer = await admit(world, asked);
  const warned = answer.warnings.map((text) => /\((\S+)\):/.exec(text)?.[1] ?? text);
  return [/^\d+ \([a-z-]+\)|^allowed/.exec(told(answer))?.[0], ...warned].join(' ');
}

describe('C4 CVE-2022-47633: conditions about another image than the one that is pinned', () => {
  const rule = (world: World, parts: Partial<RuleParts> = {}) =>
    about(world, {
      keys: [],
      context: ofFirst,
      attestations: [{ type: scanType, attestors: by(world.team), conditions: [all(equals(label, 'good'))] }],
      ...parts,
    });
  const pinned = async (world: World, image: string) => String((await admit(world, image)).patch[0]?.value ?? 'none');

  test.each(policies)('the tag moves between two requests of a review, failurePolicy %s', async (failurePolicy) => {
    await using it = await openAttested();
    const [bad, good] = [
      await pushImage(it, { repository: 'acme/moving', label: 'bad' }),
      await pushImage(it, { repository: 'acme/moving', tag: 'other', label: 'good' }),
    ];
    await bad.attest({});
    it.policies(rule(it, { failurePolicy }));
    expect(await reasonOf(it, bad.name)).toBe('403 (condition-failed)');
    it.now += 7_200_000;
    const { store } = it.registry;
    const manifest = store.manifest.bind(store);
    let asked = 0;
    store.manifest = (name: string, reference: string) => {
      const isTag = name === bad.repository && reference === '1';
      if (isTag) asked += 1;
      return manifest(name, isTag && asked > 1 ? good.digest : reference);
    };
    expect(await reasonOf(it, bad.name)).toBe('403 (condition-failed)');
    store.manifest = manifest;
    await good.attest({});
    expect(await reasonOf(it, good.name)).toBe('allowed');
  });

  test('the tag moves while what it named is remembered', async () => {
    await using it = await openAttested();
    const bad = await pushImage(it, { repository: 'acme/moving', label: 'bad' });
    await bad.attest({});
    it.policies(rule(it));
    expect(await reasonOf(it, bad.name)).toBe('403 (condition-failed)');
    // What meets the conditions is nobody's word yet.
    const good = await pushImage(it, { repository: 'acme/moving', label: 'good' });
    it.now += 5_000;
    expect(await pinned(it, bad.name)).toBe('none');
    await good.attest({});
    expect(await pinned(it, bad.name)).toBe(good.pinned);
    // And back: what is remembered is pinned as long as it is, never another one.
    await pushImage(it, { repository: 'acme/moving', label: 'bad' });
    expect(await pinned(it, bad.name)).toBe(good.pinned);
    it.now += 60_000;
    expect(await pinned(it, bad.name)).toBe('none');
  });

  test('one that was mended is let in by the second try, where what the tag named before was remembered', async () => {
    await using it = await openAttested();
    const bad = await pushImage(it, { repository: 'acme/moving', label: 'bad' });
    await bad.attest({});
    it.policies(rule(it));
    expect(await reasonOf(it, bad.name)).toBe('403 (condition-failed)');
    const good = await pushImage(it, { repository: 'acme/moving', label: 'good' });
    await good.attest({});
    it.now += 1_000;
    // What the conditions were told is about the one that was remembered.
    expect(await reasonOf(it, bad.name)).toBe('403 (digest-mismatch)');
    expect(await pinned(it, bad.name)).toBe(good.pinned);
  });
});

describe('S4: a host that only the object names', () => {
  let other: LocalRegistry;
  beforeEach(async () => {
    other = await startRegistry();
  });
  afterEach(() => other.close());
  const annotated = "{{ request.object.metadata.annotations.base || '' }}";
  const ways: Readonly<Record<string, (world: World) => Partial<RuleParts>>> = {
    'in preconditions': () => ({ preconditions: all(equals(label, 'base')) }),
    'in conditions': (world) => ({
      keys: [],
      attestations: [{ type: scanType, attestors: by(world.team), conditions: [all(equals(label, 'base'))] }],
    }),
  };
  const references: Readonly<Record<string, readonly object[]>> = {
    'a variable': looking(annotated),
    'a part of it': looking(`{{ split(${annotated.slice(2, -2)}, '/')[0] }}/acme/base:1`),
    'a name of the context': [{ name: 'base', variable: { value: annotated } }, ...looking('{{ base }}')],
  };

  test.each(
    Object.entries(ways).flatMap(([where, parts]) =>
      Object.entries(references).map(([how, context]) => [where, how, parts, context] as const),
    ),
  )('%s, by %s: it is not called', async (_where, _how, parts, context) => {
    await using it = await openAttested();
    for (const destination of [it.destination, storeDestination(other)])
      await makeImage(destination, 'acme/base', '1', { label: 'base' });
    await it.image.attest({});
    const naming = (host: string) => pod([it.image.name], { annotations: { base: `${host}/acme/base:1` } });
    for (const failurePolicy of policies) {
      it.policies(about(it, { failurePolicy, context, ...parts(it) }));
      expect(await reasonOf(it, naming(other.host))).toBe('403 (host-refused)');
      expect(other.requests).toEqual([]);
      expect(await reasonOf(it, naming(it.registry.host))).toBe('allowed');
    }
  });

  test('one that a ConfigMap names is the policies’ word: it is called, and that it fails is an outage where a rule names it', async () => {
    await using it = await openAttested();
    await makeImage(storeDestination(other), 'acme/base', '1', { label: 'base' });
    const context = [{ name: 'bases', configMap: { name: 'bases' } }, ...looking('{{ bases.data.app }}')];
    const written = [
      about(it, { context, preconditions: all(equals(label, 'base')) }),
      configMap('bases', { app: `${other.host}/acme/base:1` }),
    ];
    it.policies(...written);
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
    it.policies(...written, about(it, { name: 'others', images: `${other.host}/*` }));
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
    // It is not the object's word, so that it fails is an outage.
    other.settings.intercept = () => ({ kind: 'status', status: 503 });
    expect(await reasonOf(it, it.image.name)).toBe('503 (registry-error)');
  });
});

describe('under Ignore, a registry that fails, of an object’s choosing', () => {
  let other: LocalRegistry;
  beforeEach(async () => {
    other = await startRegistry();
  });
  afterEach(() => other.close());
  /** Rules about both registries: each is named. */
  function write(world: World, context: readonly object[]) {
    const preconditions = all({ key: '{{ looked.resolvedImage }}', operator: 'NotEquals', value: 'x' });
    world.policies(
      about(world, { failurePolicy: 'Ignore', context, preconditions }),
      about(world, { name: 'tenants', failurePolicy: 'Ignore', images: `${other.host}/*` }),
    );
  }
  async function unsigned(world: World): Promise<string> {
    return (await pushImage(world, { repository: 'acme/unsigned', by: world.stranger })).name;
  }
  const failing = (registry: LocalRegistry, name?: string) => {
    registry.settings.intercept = on(name === undefined ? {} : { name }, { kind: 'status', status: 500 });
  };

  test('admits no image elsewhere: it is named by an annotation', async () => {
    await using it = await openAttested();
    write(it, looking('{{ request.object.metadata.annotations.base }}'));
    await makeImage(storeDestination(other), 'tenant/base', '1');
    const annotations = { base: `${other.host}/tenant/base:1` };
    const [good, bad] = [it.image.name, await unsigned(it)].map((image) => pod([image], { annotations }));
    expect(await reasonOf(it, good ?? '')).toBe('allowed');
    expect(await reasonOf(it, bad ?? '')).toBe('403 (signature-mismatch)');
    failing(other);
    expect(await reasonOf(it, bad ?? '')).toMatch(/^403 /);
  });

  test('admits no image elsewhere: an image of the object is there', async () => {
    await using it = await openAttested();
    write(it, ofFirst);
    const digest: Digest = await makeImage(storeDestination(other), 'tenant/app', '1');
    failing(other);
    const tenants = `${other.host}/tenant/app@${digest}`;
    expect(await reasonOf(it, pod([tenants, await unsigned(it)]))).toMatch(/^403 /);
  });

  test('of the image itself it is an outage', async () => {
    await using it = await openAttested();
    write(it, ofFirst);
    failing(it.registry);
    const answer = await admit(it, it.image.name);
    expect([told(answer), answer.warnings.join()]).toEqual(['allowed', expect.stringContaining('registry-error')]);
  });
});
