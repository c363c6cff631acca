import { on, type SeenRequest } from '../../local/registry/server.ts';
import { makeImage } from '../../local/signer/signer.ts';
import {
  type AttestedImage,
  about,
  admit,
  all,
  by,
  configMap,
  equals,
  openAttested,
  provenanceType,
  pushImage,
  scanType,
  someOf,
  told,
} from '../e2e/attested.ts';
import { pod, type World } from '../e2e/harness.ts';

// The published flaws of caches and conditions, of what is attested. Each with a twin that passes.

const conditions = [all(equals('{{ critical }}', 0))];
const scan = (world: World, more: object = {}) => ({
  name: 'scan',
  type: scanType,
  attestors: by(world.team),
  ...more,
});
const reasonOf = async (world: World, asked: string | object, purpose: 'mutate' | 'validate' = 'mutate') => {
  const answer = told(await admit(world, asked, purpose));
  return /\((\S+)\):/.exec(answer)?.[1] ?? answer;
};

describe('C1 CVE-2026-122321, GHSA-2r43-6962-xcw5: a tag that moved is answered by what was attested of another image', () => {
  test('it is denied once its pointer is out, and until then the verified digest is pinned', async () => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [], attestations: [scan(it, { conditions })] }));
    await it.image.attest({ critical: 0 });
    const pinned = async () => (await admit(it, it.image.name)).patch[0]?.value;
    expect(await pinned()).toBe(it.image.pinned);
    const moved = await pushImage(it);
    expect(moved.digest).not.toBe(it.image.digest);
    expect(await pinned()).toBe(it.image.pinned);
    it.now += 60_000;
    expect(await reasonOf(it, it.image.name)).toBe('attestation-missing');
    await moved.attest({ critical: 0 });
    expect(await pinned()).toBe(moved.pinned);
  });
});

describe('C2 Kyverno #17173: a cache hit skips validate.deny and conditions', () => {
  const limitOf = (most: number) => configMap('limits', { high: String(most) });
  const rule = (world: World, parts: { deny?: boolean }) => {
    const key = { key: '{{ scan.high }}', operator: 'GreaterThan', value: '{{ limits.data.high }}' };
    const met = { key: '{{ high }}', operator: 'LessThanOrEquals', value: '{{ limits.data.high }}' };
    return about(world, {
      context: [{ name: 'limits', configMap: { name: 'limits', namespace: 'default' } }],
      attestations: [scan(world, parts.deny ? {} : { conditions: [all(met)] })],
      ...(parts.deny ? { validate: { message: 'too many', deny: { conditions: { any: [key] } } } } : {}),
    });
  };

  test.each([
    ['validate.deny', true, 'deny-condition'],
    ['conditions', false, 'condition-failed'],
  ])('%s: a ConfigMap that changed denies an image that is remembered', async (_, deny, reason) => {
    await using it = await openAttested();
    await it.image.attest({ high: 3 });
    it.policies(rule(it, { deny }), limitOf(3));
    for (const [purpose, name] of [
      ['mutate', it.image.name],
      ['validate', it.image.pinned],
    ] as const) {
      expect(await reasonOf(it, name, purpose)).toBe('allowed');
    }
    it.policies(rule(it, { deny }), limitOf(2));
    for (const [purpose, name] of [
      ['mutate', it.image.name],
      ['validate', it.image.pinned],
    ] as const) {
      expect(await reasonOf(it, name, purpose)).toBe(reason);
    }
    it.policies(rule(it, { deny }), limitOf(3));
    it.registry.requests.length = 0;
    expect(await reasonOf(it, it.image.pinned)).toBe('allowed');
    expect(it.registry.count()).toBe(0);
  });

  test('validate.deny is asked of every request: another namespace, another label', async () => {
    await using it = await openAttested();
    await it.image.attest({ env: 'dev' });
    const deny = {
      conditions: {
        all: [equals('{{ scan.env }}', 'dev'), equals("{{ request.object.metadata.labels.env || 'none' }}", 'prod')],
      },
    };
    it.policies(about(it, { attestations: [scan(it)], validate: { message: 'dev in prod', deny } }));
    const labelled = (env: string) => pod([it.image.pinned], { labels: { env } });
    expect(await reasonOf(it, labelled('dev'))).toBe('allowed');
    expect(await reasonOf(it, labelled('prod'))).toBe('deny-condition');
    expect(await reasonOf(it, labelled('dev'))).toBe('allowed');
  });
});

describe('C3: a cache key without the rule or its trust', () => {
  const edits: Readonly<Record<string, (world: World) => object>> = {
    'another attestor': ({ stranger }) => ({ attestors: by(stranger) }),
    'another attestor beside it': ({ team, stranger }) => ({ attestors: by(team, stranger) }),
    'a count': ({ team, stranger }) => ({ attestors: someOf(2, team, stranger) }),
    'another type': () => ({ type: provenanceType }),
    'another log': ({ team, stranger }) => ({
      attestors: [{ entries: [{ keys: { publicKeys: team.publicKeyPem, rekor: { pubkey: stranger.publicKeyPem } } }] }],
    }),
    'another repository': ({ registry, team }) => ({
      attestors: [{ entries: [{ ...by(team)[0]?.entries[0], repository: `${registry.host}/acme/elsewhere` }] }],
    }),
  };

  test.each(Object.entries(edits))('what one rule found is no hit for a rule with %s', async (_, edit) => {
    await using it = await openAttested();
    await it.image.attest({ critical: 0 });
    const rule = (name: string, more: object = {}) =>
      about(it, { name, keys: [], attestations: [scan(it, { conditions, ...more })] });
    it.policies(rule('signed'));
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
    for (const policies of [[rule('signed', edit(it))], [rule('signed'), rule('other', edit(it))]]) {
      it.policies(...policies);
      expect(await reasonOf(it, it.image.name)).toMatch(/^attestation-(?:missing|untrusted)$/);
    }
    it.policies(rule('signed'));
    it.registry.requests.length = 0;
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
    expect(it.registry.count()).toBe(0);
  });

  test('a rule for bundles does not take what another found under the tag', async () => {
    await using it = await openAttested();
    await it.image.attest({ critical: 0 }, { format: 'att' });
    const rule = (entry: readonly string[] = []) =>
      about(it, { keys: [], attestations: [scan(it, { conditions })], entry });
    it.policies(rule());
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
    it.policies(rule(['type: SigstoreBundle']));
    expect(await reasonOf(it, it.image.name)).toBe('attestation-missing');
    await it.image.attest({ critical: 0 }, { format: 'bundle' });
    expect(await reasonOf(it, it.image.name)).toBe('allowed');
  });
});

describe('C7 CVE-2023-33959: what was fetched is not compared with what described it', () => {
  test.each(['att', 'bundle'] as const)('%s: a layer of other bytes than its descriptor names', async (format) => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [], attestations: [scan(it, { conditions })] }));
    await it.image.attest({ critical: 0 }, { format });
    it.registry.settings.intercept = on({ kind: 'blob' }, { kind: 'wrong-bytes' });
    expect(told(await admit(it, it.image.pinned))).toContain('403 (digest-mismatch)');
    it.registry.settings.intercept = undefined;
    expect(await reasonOf(it, it.image.pinned)).toBe('allowed');
  });

  test('a referrer of other bytes than were listed', async () => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [], attestations: [scan(it, { conditions })] }));
    await it.image.attest({ critical: 0 }, { format: 'bundle' });
    const isReferrer = ({ kind, reference }: SeenRequest) =>
      kind === 'manifest' && reference?.startsWith('sha256:') === true && reference !== it.image.digest;
    it.registry.settings.intercept = (request) => (isReferrer(request) ? { kind: 'wrong-bytes' } : undefined);
    expect(told(await admit(it, it.image.pinned))).toContain('403 (digest-mismatch)');
    it.registry.settings.intercept = undefined;
    expect(await reasonOf(it, it.image.pinned)).toBe('allowed');
  });

  test('a referrer that is listed for one image and whose subject is another counts for its subject alone', async () => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [], attestations: [scan(it, { conditions })] }));
    await it.image.attest({ critical: 0 }, { format: 'bundle' });
    const { repository, digest } = it.image;
    const other = await makeImage(it.destination, repository, '2');
    const manifests = it.registry.store.referrers(repository, digest).map((found) => ({
      mediaType: found.mediaType,
      size: found.bytes.length,
      digest: found.digest,
    }));
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
    it.registry.store.putManifest(repository, index, { tag: other.replace(':', '-') });
    expect(await reasonOf(it, `${it.registry.host}/${repository}@${other}`)).toBe('attestation-missing');
    expect(await reasonOf(it, it.image.pinned)).toBe('allowed');
  });
});

describe('C9 (Kyverno #16336): validate believes an annotation that the user wrote', () => {
  test.each(['mutate', 'validate'] as const)('%s', async (purpose) => {
    await using it = await openAttested();
    it.policies(about(it, { keys: [], attestations: [scan(it, { conditions })] }));
    await it.image.attest({ critical: 1 });
    const proof = (image: AttestedImage) => ({
      'kyverno.io/verify-images': JSON.stringify({ [image.pinned.replace(':1@', '@')]: 'pass' }),
    });
    expect(await reasonOf(it, pod([it.image.pinned], { annotations: proof(it.image) }), purpose)).toBe(
      'condition-failed',
    );
    const clean = await pushImage(it, { repository: 'acme/clean' });
    await clean.attest({ critical: 0 });
    expect(await reasonOf(it, pod([clean.pinned]), purpose)).toBe('allowed');
  });
});
