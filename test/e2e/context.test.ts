import { makeImage } from '../../local/signer/signer.ts';
import { deploy } from '../security/deployed.ts';
import { about, admit, all, configMap, equals, openAttested, pushImage, scanType, told } from './attested.ts';
import { pod, review } from './harness.ts';

/** What a registry says of the first container's image. */
const ofImage = { name: 'imageData', imageRegistry: { reference: '{{ images.containers.c0.reference }}' } };
const hasLabel = (value: string) => all(equals("{{ imageData.configData.config.Labels.label || '' }}", value));

describe('imageRegistry', () => {
  test("a label of the image's configuration decides whether a rule asks", async () => {
    await using it = await openAttested();
    const image = await pushImage(it, { repository: 'acme/labelled', label: 'prod' });
    const asking = (value: string) =>
      it.policies(about(it, { keys: [it.stranger], context: [ofImage], preconditions: hasLabel(value) }));
    asking('dev');
    expect(told(await admit(it, image.name))).toBe('allowed');
    asking('prod');
    expect(told(await admit(it, image.name))).toContain('403 (signature-mismatch)');
  });

  test('a quoted name with dots, a jmesPath of the entry, and the other fields', async () => {
    await using it = await openAttested();
    const registry = {
      name: 'config',
      imageRegistry: { ...ofImage.imageRegistry, jmesPath: 'configData.config.Labels' },
    };
    const conditions = all(
      equals('{{ config."label" }}', '{{ imageData.configData.config.Labels."label" }}'),
      equals('{{ imageData.repository }}', 'acme/app'),
      equals('{{ imageData.registry }}', it.registry.host),
      equals('{{ length(imageData.manifest.layers) }}', 1),
      equals('{{ imageData.configData.os }}/{{ config."org.x" || \'none\' }}', 'linux/none'),
    );
    it.policies(about(it, { keys: [it.stranger], context: [ofImage, registry], preconditions: conditions }));
    expect(told(await admit(it, it.image.name))).toContain('403 (signature-mismatch)');
  });

  test('conditions of an attestation compare with it', async () => {
    await using it = await openAttested();
    const image = await pushImage(it, { repository: 'acme/labelled', label: 'v7' });
    const same = all(equals('{{ version }}', '{{ imageData.configData.config.Labels.label }}'));
    it.policies(about(it, { context: [ofImage], attestations: [{ type: scanType, conditions: [same] }] }));
    await image.attest({ version: 'v6' });
    expect(told(await admit(it, image.name))).toContain('403 (condition-failed)');
    await using twin = await openAttested();
    const good = await pushImage(twin, { repository: 'acme/labelled', label: 'v7' });
    twin.policies(about(twin, { context: [ofImage], attestations: [{ type: scanType, conditions: [same] }] }));
    await good.attest({ version: 'v7' });
    expect(told(await admit(twin, good.name))).toBe('allowed');
  });

  test('what it asks for is asked for once: the image itself is not fetched again', async () => {
    await using it = await openAttested();
    const requestsWith = async (context: readonly unknown[], preconditions?: unknown) => {
      it.policies(
        about(it, { entry: ['useCache: false'], context, ...(preconditions === undefined ? {} : { preconditions }) }),
      );
      it.registry.requests.length = 0;
      expect(told(await admit(it, pod([it.image.name, it.image.name])))).toBe('allowed');
      return it.registry.requests.map(({ method, path }) => `${method} ${path}`);
    };
    const without = await requestsWith([]);
    expect(await requestsWith([ofImage])).toEqual(without);
    const twice = [ofImage, { ...ofImage, name: 'again' }];
    const asked = await requestsWith(
      twice,
      all(
        equals('{{ imageData.registry }}', '{{ again.registry }}'),
        equals("{{ imageData.configData.config.Labels.label != '' }}", true),
      ),
    );
    // The configuration alone comes to it: one request for all that ask.
    const blobs = (requests: readonly string[]) => requests.filter((each) => each.includes('/blobs/')).length;
    expect(asked).toHaveLength(without.length + 1);
    expect(blobs(asked)).toBe(blobs(without) + 1);
  });

  test('an image that is not there is denied; a registry that fails is unavailable, where only this rule asks', async () => {
    await using it = await openAttested();
    const base = { name: 'base', imageRegistry: { reference: `${it.registry.host}/acme/base:1` } };
    const preconditions = all(equals('{{ base.configData.config.Labels.label }}', 'trusted'));
    const policies = (failurePolicy: 'Fail' | 'Ignore') =>
      it.policies(about(it, { failurePolicy, context: [base], preconditions }));
    policies('Fail');
    expect(told(await admit(it, it.image.name))).toContain('403 (image-not-found)');
    policies('Ignore');
    expect(told(await admit(it, it.image.name))).toContain('403 (image-not-found)');
    await makeImage(it.destination, 'acme/base', '1', { label: 'trusted' });
    policies('Fail');
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    it.registry.settings.intercept = (request) =>
      request.path.includes('/acme/base/') ? { kind: 'status', status: 503 } : undefined;
    expect(told(await admit(it, it.image.name))).toContain('503 (registry-error)');
    policies('Ignore');
    const ignored = await admit(it, it.image.name);
    expect(ignored.allowed).toBe(true);
    expect(ignored.warnings.join()).toContain('registry-error');
    it.policies(about(it, { context: [base] }));
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });

  test('what one entry cannot have is its own trouble: another rule still weighs and denies, under Ignore too', async () => {
    await using it = await openAttested();
    const base = { name: 'base', imageRegistry: { reference: `${it.registry.host}/acme/base:1` } };
    const needing = [all(equals('{{ base.registry }}', it.registry.host))];
    const failing = [all(equals('{{ critical }}', 0))];
    await it.image.attest({ critical: 9 });
    it.registry.settings.intercept = (request) =>
      request.path.includes('/acme/base/') ? { kind: 'status', status: 503 } : undefined;
    const first = about(it, {
      name: 'a',
      action: 'Audit',
      context: [base],
      attestations: [{ type: scanType, conditions: needing }],
    });
    const second = (conditions: readonly unknown[]) =>
      about(it, { name: 'b', failurePolicy: 'Ignore', attestations: [{ type: scanType, conditions }] });
    it.policies(first, second(failing));
    expect(told(await admit(it, it.image.name))).toContain('403 (condition-failed)');
    it.policies(first, second([all(equals('{{ critical }}', 9))]));
    const answer = await admit(it, it.image.name);
    expect(answer.allowed).toBe(true);
    expect(answer.warnings.join()).toContain('registry-error');
  });

  test('hosts: one that the policy writes is asked, one that the object chooses is not, here or deployed', async () => {
    await using it = await openAttested();
    await using other = await openAttested();
    await makeImage(other.destination, 'base', '1', { label: 'trusted' });
    const write = (reference: string) =>
      about(it, {
        context: [{ name: 'base', imageRegistry: { reference } }],
        preconditions: all(equals('{{ base.configData.config.Labels.label }}', 'trusted')),
      });
    const send = async (reference: string, object: object) => {
      const door = { addresses: 'any' as const, allowHttp: [it.registry.host, other.registry.host] };
      const deployed = deploy({ policies: [write(reference)], door, hosts: new Set() });
      const { allowed, message } = await deployed.send(review(object));
      await deployed.close();
      return allowed ? 'allowed' : message;
    };
    const object = pod([it.image.name], { annotations: { base: `${other.registry.host}/base:1` } });
    expect(await send('{{ request.object.metadata.annotations.base }}', object)).toContain('(host-refused)');
    it.policies(write('{{ request.object.metadata.annotations.base }}'));
    expect(told(await admit(it, object))).toContain('(host-refused)');
    expect(other.registry.requests).toEqual([]);
    expect(await send(`${other.registry.host}/base:1`, object)).toBe('allowed');
    expect(await send(`${other.registry.host}/{{ 'base' }}:1`, object)).toBe('allowed');
    expect(other.registry.requests.length).toBeGreaterThan(0);
    other.registry.requests.length = 0;
    it.policies(write('{{ request.object.metadata.annotations.base }}'));
    expect(told(await admit(it, object))).toContain('403 (host-refused)');
    expect(other.registry.requests).toEqual([]);
    await makeImage(it.destination, 'acme/base', '1', { label: 'trusted' });
    const named = pod([it.image.name], { annotations: { base: `${it.registry.host}/acme/base:1` } });
    expect(told(await admit(it, named))).toBe('allowed');
    // One that another rule names is asked, and its failures are the doing of whoever chose it.
    it.policies(
      write('{{ request.object.metadata.annotations.base }}'),
      about(it, { name: 'others', images: `${other.registry.host}/*` }),
    );
    expect(told(await admit(it, object))).toBe('allowed');
    other.registry.settings.intercept = () => ({ kind: 'status', status: 503 });
    expect(told(await admit(it, object))).toContain('403 (registry-not-named)');
  });

  test('a text that is no reference is invalid, and so is one that comes to no text', async () => {
    await using it = await openAttested();
    const write = (reference: string) =>
      it.policies(
        about(it, {
          failurePolicy: 'Ignore',
          context: [{ name: 'base', imageRegistry: { reference } }],
          preconditions: all(equals('{{ base.registry }}', 'x')),
        }),
      );
    write("{{ request.object.metadata.annotations.base || '' }}");
    expect(told(await admit(it, pod([it.image.name], { annotations: { base: 'A B' } })))).toContain(
      '403 (image-unparsable)',
    );
    write('{{ request.object.metadata }}');
    expect(told(await admit(it, it.image.name))).toContain('403 (variable-unresolved)');
  });

  test('eight images are looked up, and no more', async () => {
    await using it = await openAttested();
    const names = Array.from({ length: 9 }, (_, index) => `base${index}`);
    for (const name of names) await makeImage(it.destination, `acme/${name}`, '1', { label: name });
    const write = (count: number) => {
      const asked = names.slice(0, count);
      const context = asked.map((name) => ({
        name,
        imageRegistry: { reference: `${it.registry.host}/acme/${name}:1` },
      }));
      const preconditions = all(...asked.map((name) => equals(`{{ ${name}.configData.config.Labels.label }}`, name)));
      it.policies(about(it, { context, preconditions }));
    };
    write(8);
    expect(told(await admit(it, it.image.name))).toBe('allowed');
    write(9);
    expect(told(await admit(it, it.image.name))).toContain('403 (too-many-images)');
  });

  test('nothing is asked for where the object asks nothing of the rule', async () => {
    await using it = await openAttested();
    it.policies(about(it, { context: [ofImage], preconditions: hasLabel('x') }));
    it.registry.requests.length = 0;
    expect(told(await admit(it, 'ghcr.example/other:1'))).toBe('allowed');
    const before = pod([it.image.name]);
    expect(told(await it.send('/mutate', review(pod([it.image.name], { finalizers: ['a/b'] }), before)))).toBe(
      'allowed',
    );
    expect(it.registry.requests).toEqual([]);
  });
});

describe('variables of the context', () => {
  test('see those before them, take a default, and are what jmesPath makes of them', async () => {
    await using it = await openAttested();
    const context = [
      { name: 'team', variable: { jmesPath: 'request.object.metadata.labels.team', default: 'none' } },
      { name: 'keys', configMap: { name: 'keys-{{ team }}' } },
      { name: 'key', variable: { value: '{{ keys.data }}', jmesPath: 'pem' } },
    ];
    const attestors = [{ entries: [{ keys: { publicKeys: '{{ key }}', rekor: { ignoreTlog: true } } }] }];
    it.policies(
      about(it, { context, attestors }),
      configMap('keys-a', { pem: it.team.publicKeyPem }),
      configMap('keys-none', { pem: it.stranger.publicKeyPem }),
    );
    expect(told(await admit(it, pod([it.image.name], { labels: { team: 'a' } })))).toBe('allowed');
    expect(told(await admit(it, it.image.name))).toContain('403 (signature-mismatch)');
    expect(told(await admit(it, pod([it.image.name], { labels: { team: 'b' } })))).toContain(
      'no ConfigMap "default/keys-b"',
    );
  });

  test('an entry that is named by two is the later one, which may ask for the earlier', async () => {
    await using it = await openAttested();
    const context = [
      { name: 'a', variable: { value: 'x' } },
      { name: 'a', variable: { value: '{{ a }}y' } },
    ];
    it.policies(about(it, { keys: [it.stranger], context, preconditions: all(equals('{{ a }}', 'xy')) }));
    expect(told(await admit(it, it.image.name))).toContain('403 (signature-mismatch)');
  });
});
