import { newKey, sign } from '../../local/signer/signer.ts';
import { deploy } from '../security/deployed.ts';
import { about, admit, all, by, configMap, equals, openAttested, pushImage, scanType, told } from './attested.ts';
import { byKey, pod, review } from './harness.ts';

const ignoreTlog = { rekor: { ignoreTlog: true } };
const keysOf = (publicKeys: string) => [{ entries: [{ keys: { publicKeys, ...ignoreTlog } }] }];
const fromConfigMap = [{ name: 'keys', configMap: { name: 'keys', namespace: 'trust' } }];
const inNamespace = (image: string, namespace: string) => pod([image], { namespace });

describe('a key for each namespace, from a ConfigMap', () => {
  test.each([
    '{{ keys.data.{{ request.namespace }} }}',
    '{{keys.data."{{request.namespace}}"}}',
    '{{- keys.data.{{request.namespace}} }}',
    "{{ keys.data.{{ request.namespace || 'none' }} || '' }}",
  ])('%s', async (publicKeys) => {
    await using it = await openAttested();
    const teamB = newKey();
    const [a, b] = [it.image, await pushImage(it, { repository: 'acme/b', by: teamB })];
    it.policies(
      about(it, { context: fromConfigMap, attestors: keysOf(publicKeys) }),
      configMap('keys', { a: it.team.publicKeyPem, b: teamB.publicKeyPem }, 'trust'),
    );
    for (const purpose of ['mutate', 'validate'] as const) {
      const asked = async (image: string, namespace: string) =>
        told(await admit(it, inNamespace(image, namespace), purpose));
      expect(await asked(a.pinned, 'a')).toBe('allowed');
      expect(await asked(b.pinned, 'b')).toBe('allowed');
      // A namespace's key is never another's, whichever was asked before.
      expect(await asked(a.pinned, 'b')).toContain('403 (signature-mismatch)');
      expect(await asked(b.pinned, 'a')).toContain('403 (signature-mismatch)');
      expect(await asked(a.pinned, 'a')).toBe('allowed');
    }
  });

  test('two namespaces with one key share what was found out; the answer of one is never asked for another', async () => {
    await using it = await openAttested();
    it.policies(
      about(it, { context: fromConfigMap, attestors: keysOf('{{ keys.data.{{ request.namespace }} }}') }),
      configMap('keys', { a: it.team.publicKeyPem, same: it.team.publicKeyPem, b: it.stranger.publicKeyPem }, 'trust'),
    );
    const requests = async (namespace: string) => {
      const before = it.registry.requests.length;
      await admit(it, inNamespace(it.image.pinned, namespace));
      return it.registry.requests.length - before;
    };
    expect(await requests('a')).toBeGreaterThan(0);
    expect(await requests('same')).toBe(0);
    expect(await requests('b')).toBeGreaterThan(0);
  });

  test.each(['Fail', 'Ignore'] as const)(
    'a namespace without one, and one whose value is none, are invalid under %s: 403',
    async (failurePolicy) => {
      await using it = await openAttested();
      const data = { a: it.team.publicKeyPem, none: 'no key', empty: '', secret: 'k8s://a/b' };
      const write = (publicKeys: string) =>
        it.policies(
          about(it, { context: fromConfigMap, attestors: keysOf(publicKeys), failurePolicy }),
          configMap('keys', data, 'trust'),
        );
      const asked = async (namespace: string) => told(await admit(it, inNamespace(it.image.name, namespace)));
      write('{{ keys.data.{{ request.namespace }} }}');
      expect(await asked('a')).toBe('allowed');
      expect(await asked('other')).toBe(
        '403 (variable-unresolved): verifyImages[0]: attestors[0].entries[0].keys.publicKeys: {{ keys.data.{{ request.namespace }} }}: Unknown key "other" in path',
      );
      const place =
        "403 (variable-unresolved): with the object's values spec.rules[0].verifyImages[0].attestors[0].entries[0].keys.publicKeys";
      expect(await asked('none')).toContain(place);
      expect(await asked('empty')).toBe(`${place} comes to nothing`);
      expect(await asked('secret')).toContain('not supported yet');
      write("{{ keys.data.{{ request.namespace }} || '' }}");
      expect(await asked('other')).toBe(`${place} comes to nothing`);
    },
  );

  test('without the ConfigMap it is invalid, and the reason says what to add', async () => {
    await using it = await openAttested();
    it.policies(about(it, { context: fromConfigMap, attestors: keysOf('{{ keys.data.a }}') }));
    const answer = await admit(it, it.image.name);
    expect(told(answer)).toContain(
      '403 (variable-unresolved): verifyImages[0]: attestors[0].entries[0].keys.publicKeys: {{ keys.data.a }}: failed to load context: keys: there is no ConfigMap "trust/keys" among the policies',
    );
    expect(answer.message).toContain('add the ConfigMap beside the policies');
  });

  test('several keys in one value are an attestor each', async () => {
    await using it = await openAttested();
    const other = newKey();
    it.policies(
      about(it, { context: fromConfigMap, attestors: keysOf('{{ keys.data.both }}') }),
      configMap('keys', { both: it.team.publicKeyPem + other.publicKeyPem }, 'trust'),
    );
    expect(told(await admit(it, it.image.name))).toContain('1 of 2 needed attestors verified');
    await sign(it.destination, { repository: it.image.repository, digest: it.image.digest, key: other });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

describe('values that an object gives', () => {
  const envLabel = "{{ request.object.metadata.labels.env || 'none' }}";

  test('a label picks the annotation that a signature must have; each value asks its own', async () => {
    await using it = await openAttested();
    const { repository, digest } = it.image;
    it.policies(about(it, { entry: [`annotations: {env: "${envLabel}"}`] }));
    await sign(it.destination, { repository, digest, key: it.team, annotations: { env: 'prod' } });
    const asked = async (labels: Record<string, string>) => told(await admit(it, pod([it.image.name], { labels })));
    expect(await asked({ env: 'prod' })).toBe('allowed');
    expect(await asked({ env: 'dev' })).toContain('403 (annotation-mismatch)');
    expect(await asked({})).toContain('403 (annotation-mismatch)');
    expect(await asked({ env: 'prod' })).toBe('allowed');
  });

  test('a missing label is invalid where the policy does not say what else', async () => {
    await using it = await openAttested();
    it.policies(
      about(it, { failurePolicy: 'Ignore', entry: ['annotations: {env: "{{ request.object.metadata.labels.env }}"}'] }),
    );
    const answer = await admit(it, it.image.name);
    expect(told(answer)).toContain('403 (variable-unresolved): verifyImages[0]: annotations.env: ');
    expect(answer.message).toContain("{{ name || '' }}");
  });

  test('what is text stays text: no template, no field and no expression comes of it', async () => {
    await using it = await openAttested();
    const { repository, digest } = it.image;
    it.policies(
      about(it, {
        context: fromConfigMap,
        entry: ['annotations: {env: "{{ request.object.metadata.annotations.env }}"}'],
      }),
      configMap('keys', { secret: 'prod' }, 'trust'),
    );
    await sign(it.destination, { repository, digest, key: it.team, annotations: { env: 'prod' } });
    const asked = async (env: string) => told(await admit(it, pod([it.image.name], { annotations: { env } })));
    expect(await asked('prod')).toBe('allowed');
    for (const env of [
      '{{ keys.data.secret }}',
      '$(../keys)',
      "{{ 'prod' }}",
      '*',
      'pro?',
      '"prod"',
      'prod"\n- x: y',
      '__proto__',
    ])
      expect(await asked(env)).toContain('403 (annotation-mismatch)');
  });

  test('names of a Pod are names, whatever they say', async () => {
    await using it = await openAttested();
    it.policies(
      about(it, {
        preconditions: all({ key: '{{ request.object.metadata.name }}', operator: 'NotEquals', value: 'skipped' }),
      }),
    );
    const asked = async (name: string) => told(await admit(it, pod([`${it.registry.host}/acme/unsigned:1`], { name })));
    for (const name of ["{{ 'skipped' }}", '$(skipped)', "' || 'skipped"])
      expect(await asked(name)).toContain('403 (image-not-found)');
    expect(await asked('skipped')).toBe('allowed');
  });

  test('one that is a pattern in place of a name names the same signer', async () => {
    await using it = await openAttested();
    const own = (publicKeys: string) => about(it, { context: fromConfigMap, attestors: keysOf(publicKeys) });
    it.policies(
      own('{{ keys.data.{{ request.object.metadata.labels.team }} }}'),
      configMap('keys', { a: it.team.publicKeyPem, b: it.stranger.publicKeyPem }, 'trust'),
    );
    const asked = async (team: string) => told(await admit(it, pod([it.image.name], { labels: { team } })));
    expect(await asked('a')).toBe('allowed');
    for (const team of ['*', 'values(@)', 'a | @', 'b || keys.data.a', 'a"', '"a"]', 'b }} {{ keys.data.a'])
      expect(await asked(team)).not.toBe('allowed');
  });

  test('serviceAccountName, images and the operation', async () => {
    await using it = await openAttested();
    const { repository, digest } = it.image;
    const env = '{{ serviceAccountName }}-{{ images.containers.c0.tag }}-{{ request.operation }}';
    it.policies(about(it, { entry: [`annotations: {env: "${env}"}`] }));
    await sign(it.destination, { repository, digest, key: it.team, annotations: { env: 'builder-1-CREATE' } });
    const as = async (username: string) =>
      told(await it.send('/mutate', review(pod([it.image.name]), undefined, { userInfo: { username, groups: [] } })));
    expect(await as('system:serviceaccount:ci:builder')).toBe('allowed');
    expect(await as('system:serviceaccount:ci:other')).toContain('403 (annotation-mismatch)');
    expect(await as('alice')).toContain('403 (annotation-mismatch)');
  });
});

describe('repository', () => {
  test('a path of a registry that the policy writes may hold variables', async () => {
    await using it = await openAttested();
    it.policies(about(it, { entry: [`repository: "${it.registry.host}/sigs/{{ request.namespace }}"`] }));
    const { repository, digest } = it.image;
    await sign(it.destination, { repository, digest, key: it.team, storeIn: 'sigs/shop' });
    expect(told(await admit(it, inNamespace(it.image.name, 'shop')))).toBe('allowed');
    expect(told(await admit(it, inNamespace(it.image.name, 'other')))).toContain('403 (no-signature)');
  });

  test('a registry that the object chooses is not called, here and deployed: one that the rules name is', async () => {
    await using it = await openAttested();
    await using stranger = await openAttested();
    const written = about(it, {
      failurePolicy: 'Ignore',
      entry: ['repository: "{{ request.object.metadata.annotations.signatures }}"'],
    });
    it.policies(written);
    const deployed = deploy({
      policies: [written],
      door: { addresses: 'any', allowHttp: [it.registry.host, stranger.registry.host] },
      hosts: new Set(),
    });
    const { repository, digest } = it.image;
    await sign(it.destination, { repository, digest, key: it.team, storeIn: 'acme/sigs' });
    const naming = (host: string) => pod([it.image.name], { annotations: { signatures: `${host}/acme/sigs` } });
    const answers = async (host: string) => [
      told(await admit(it, naming(host))),
      (await deployed.send(review(naming(host)))).message,
    ];
    for (const said of await answers(stranger.registry.host))
      expect(said).toContain('(host-refused): verifyImages[0]: ');
    expect(stranger.registry.requests).toEqual([]);
    expect(await answers(it.registry.host)).toEqual(['allowed', '']);
    await deployed.close();
    // Where another rule names it, it is asked, and that it fails admits nobody.
    it.policies(written, about(it, { name: 'others', images: `${stranger.registry.host}/*` }));
    const asked = async () => told(await admit(it, naming(stranger.registry.host)));
    expect(await asked()).toContain('403 (no-signature)');
    stranger.registry.settings.intercept = () => ({ kind: 'status', status: 503 });
    expect(await asked()).toContain('403 (registry-not-named)');
  });
});

describe('attestations', () => {
  test('their attestors and types may hold variables, and so may those of the entry that they rest on', async () => {
    await using it = await openAttested();
    const conditions = [all(equals('{{ critical }}', 0))];
    const write = (own: object) =>
      it.policies(
        about(it, {
          context: fromConfigMap,
          attestors: keysOf('{{ keys.data.{{ request.namespace }} }}'),
          attestations: [{ type: '{{ keys.data.type }}', conditions, ...own }],
        }),
        configMap('keys', { a: it.team.publicKeyPem, b: it.stranger.publicKeyPem, type: scanType }, 'trust'),
      );
    const asked = async (namespace: string) => told(await admit(it, inNamespace(it.image.name, namespace)));
    write({});
    expect(await asked('a')).toContain('403 (attestation-missing)');
    await it.image.attest({ critical: 0 });
    expect(await asked('a')).toBe('allowed');
    expect(await asked('b')).toContain('403 (signature-mismatch)');
    write({ attestors: keysOf('{{ keys.data.b }}') });
    expect(await asked('a')).toContain('403 (attestation-untrusted)');
    await it.image.attest({ critical: 0 }, { key: it.stranger });
    expect(await asked('a')).toBe('allowed');
  });

  test('beside an entry without variables, in one rule: each by its own', async () => {
    await using it = await openAttested();
    const [first, second] = [keysOf('{{ keys.data.a }}'), by(it.stranger)];
    const entries = [first, second].map((attestors) => ({
      imageReferences: [`${it.registry.host}/acme/*`],
      attestors,
    }));
    const text = about(it, { context: fromConfigMap }).replace(
      / {6}verifyImages:[\s\S]*$/,
      `      verifyImages: ${JSON.stringify(entries)}\n`,
    );
    it.policies(text, configMap('keys', { a: it.team.publicKeyPem }, 'trust'));
    expect(told(await admit(it, it.image.name))).toContain('403 (signature-mismatch)');
    const { repository, digest } = it.image;
    await sign(it.destination, { repository, digest, key: it.stranger });
    expect(told(await admit(it, it.image.name))).toBe('allowed');
  });
});

describe('the rest of a review', () => {
  const context = [{ name: 'keys', configMap: { name: '{{ request.object.metadata.labels.team }}' } }];

  test('an UPDATE that leaves the image as it was is asked anew only where the variables come to something else', async () => {
    await using it = await openAttested();
    it.policies(
      about(it, { context, attestors: keysOf('{{ keys.data.key }}') }),
      configMap('a', { key: it.team.publicKeyPem }),
    );
    const before = pod([it.image.name], { labels: { team: 'a' } });
    const after = pod([it.image.name], { labels: { team: 'a', more: 'b' } });
    expect(told(await it.send('/mutate', review(before)))).toBe('allowed');
    it.registry.requests.length = 0;
    expect(told(await it.send('/mutate', review(after, before)))).toBe('allowed');
    expect(told(await it.send('/validate', review(after, before)))).toBe('allowed');
    expect(it.registry.requests).toEqual([]);
    const unlabelled = pod([it.image.name]);
    expect(told(await it.send('/mutate', review(unlabelled, before)))).toContain('403 (variable-unresolved)');
    expect(told(await it.send('/mutate', review(unlabelled)))).toContain('403 (variable-unresolved)');
  });

  test('an audit rule that is invalid admits with a warning; what another rule says stands', async () => {
    await using it = await openAttested();
    const audits = about(it, { name: 'audits', action: 'Audit', context, attestors: keysOf('{{ keys.data.key }}') });
    it.policies(audits, about(it, { name: 'enforces' }));
    const answer = await admit(it, it.image.name);
    expect(answer.allowed).toBe(true);
    expect(answer.warnings.join()).toContain('variable-unresolved');
    it.policies(audits, about(it, { name: 'enforces', attestors: [{ entries: [byKey(it.stranger)] }] }));
    expect(told(await admit(it, it.image.name))).toContain('403 (signature-mismatch)');
  });

  test('the Pod of a Deployment is asked about by its own labels', async () => {
    await using it = await openAttested();
    it.policies(
      about(it, { context, attestors: keysOf('{{ keys.data.key }}') }),
      configMap('a', { key: it.team.publicKeyPem }),
      configMap('b', { key: it.stranger.publicKeyPem }),
    );
    const deployment = (team: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
      spec: { template: { metadata: { labels: { team } }, spec: pod([it.image.name]).spec } },
    });
    expect(told(await admit(it, deployment('a')))).toBe('allowed');
    expect(told(await admit(it, deployment('b')))).toContain('403 (signature-mismatch)');
  });
});
