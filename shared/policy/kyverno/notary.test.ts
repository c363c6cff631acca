import { createRun } from '../../expression/run.ts';
import { lazily } from '../../expression/scope.ts';
import type { NotaryTrust } from '../notary/trust-policy.ts';
import type { Entry } from '../policy.ts';
import { PolicyLoadError } from '../problems.ts';
import { certA, certB } from '../testing/certificates.ts';
import { asFile, clusterPolicy, entry, keyA, keyless, keys, load, problemsOf, rule } from '../testing/policies.ts';
import { loadPolicies } from './load.ts';

type Json = Record<string, unknown>;
const withEntry = (changes: Json) =>
  clusterPolicy({ rules: [rule({ verifyImages: [entry({ type: 'Notary', ...changes })] })] });
const withAttestor = (attestor: Json) => withEntry({ attestors: [{ entries: [attestor] }] });
const inEntry = 'spec.rules[0].verifyImages[0]';
const inAttestor = `${inEntry}.attestors[0].entries[0]`;
const certificates = { cert: certA };

const firstEntry = (policy: Json): Entry | undefined => load(policy).rules[0]?.entries[0];
const attestorOf = (attestor: Json) => firstEntry(withAttestor(attestor))?.attestors[0]?.entries[0];

describe('certificates under type Notary', () => {
  test('cert and certChain are one store, whatever of each there is', () => {
    expect(attestorOf({ certificates: { cert: `# ours\n${certA}`, certChain: certB + certA } })).toEqual({
      kind: 'notary',
      by: { certificates: [certA, certB, certA].map((each) => each.trim()).join('\n') },
    });
    // Kyverno takes several in cert too.
    expect(attestorOf({ certificates: { cert: certA + certB } })).toMatchObject({
      by: { certificates: `${certA}${certB.trim()}` },
    });
    expect(attestorOf({ certificates: { certChain: certB } })).toMatchObject({ by: { certificates: certB.trim() } });
  });

  test('counts, nested sets, annotations and repositories work as for others', () => {
    const nested = { attestor: { count: 1, entries: [{ certificates }, { certificates: { certChain: certB } }] } };
    const own = { certificates, annotations: { build: '7' }, repository: 'ghcr.io/acme/signatures' };
    const read = firstEntry(
      withEntry({ attestors: [{ count: 2, entries: [own, nested] }], repository: 'ghcr.io/x/y' }),
    );
    expect(read).toMatchObject({
      type: 'Notary',
      repository: { path: 'x/y' },
      attestors: [
        {
          count: 2,
          entries: [
            {
              kind: 'notary',
              annotations: { build: '7' },
              repository: { registry: 'ghcr.io', path: 'acme/signatures' },
            },
            { kind: 'set', set: { count: 1, entries: [{ kind: 'notary' }, { kind: 'notary' }] } },
          ],
        },
      ],
    });
  });

  test("what an API server writes unasked is let be: the CRD's defaults, and empty fields", () => {
    const defaults = {
      rekor: { url: 'https://rekor.sigstore.dev', ignoreTlog: false, pubkey: '' },
      ctlog: { ignoreSCT: false, tsaCertChain: '' },
    };
    expect(attestorOf({ certificates: { ...certificates, ...defaults }, signatureAlgorithm: 'sha256' })).toEqual(
      attestorOf({ certificates }),
    );
  });

  const rekorHas = (rekor: Json) => ({ certificates: { ...certificates, rekor } });
  const ctlogHas = (ctlog: Json) => ({ certificates: { ...certificates, ctlog } });
  test.each<[string, string, Json]>([
    ['signatureAlgorithm', 'the certificate says', { certificates, signatureAlgorithm: 'sha512' }],
    ['certificates.rekor.url', 'no transparency log', rekorHas({ url: 'https://rekor.example.com' })],
    ['certificates.rekor.pubkey', 'no transparency log', rekorHas({ pubkey: keyA })],
    ['certificates.rekor.ignoreTlog', 'no transparency log', rekorHas({ ignoreTlog: true })],
    ['certificates.ctlog.pubkey', 'no transparency log', ctlogHas({ pubkey: keyA })],
    ['certificates.ctlog.ignoreSCT', 'no transparency log', ctlogHas({ ignoreSCT: true })],
    [
      'certificates.ctlog.tsaCertChain',
      'a trust policy names time-stamp authorities',
      ctlogHas({ tsaCertChain: certA }),
    ],
  ])('%s says nothing of Notary signatures, and is refused', (field, why, attestor) => {
    const problems = problemsOf(withAttestor(attestor));
    expect(problems).toEqual([expect.stringContaining(`${inAttestor}.${field}: has no effect under type Notary`)]);
    expect(problems[0]).toContain(why);
    // Its twin: elsewhere the same is read.
    const cosign = clusterPolicy({
      rules: [rule({ verifyImages: [entry({ attestors: [{ entries: [attestor] }] })] })],
    });
    expect(problemsOf(cosign)).toEqual([]);
  });

  test.each<[string, Json]>([
    ['Keys field is not allowed for type notary', keys()],
    ['Keyless field is not allowed for type notary', keyless()],
  ])('%s', (message, attestor) => {
    expect(problemsOf(withAttestor(attestor))).toEqual([expect.stringContaining(message)]);
    // Kyverno's lint does not look in there.
    const nested = problemsOf(withAttestor({ attestor: { entries: [attestor] } }));
    expect(nested).toEqual([expect.stringMatching(new RegExp(`attestor\\.entries\\[0\\].*${message}`))]);
  });

  test.each<[string, string, unknown]>([
    ['key', 'is not allowed for type notary', keyA],
    ['issuer', 'is not allowed for type notary', 'https://issuer.example.com'],
    ['roots', 'is not allowed for type notary', certA],
    ['cosignOCI11', 'is about signatures of cosign', true],
  ])('%s of an older version is refused', (field, message, value) => {
    const attestors = [{ entries: [{ certificates }] }];
    expect(problemsOf(withEntry({ attestors, [field]: value }))).toEqual([
      expect.stringMatching(new RegExp(`^${inEntry.replaceAll(/[[\].]/g, '\\$&')}\\.${field}: .*${message}`)),
    ]);
    expect(problemsOf(withEntry({ attestors }))).toEqual([]);
  });

  test.each<[string, Json]>([
    ['cert or certChain required', { certificates: {} }],
    ['does not parse as a certificate', { certificates: { cert: certA.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA') } }],
    ['is a PUBLIC KEY', { certificates: { certChain: keyA } }],
    ['keys, certificates, keyless, or a nested attestor is required', {}],
  ])('%s', (message, attestor) => {
    expect(problemsOf(withAttestor(attestor))).toEqual([expect.stringContaining(message)]);
  });

  test('variables in certificates are substituted, and what they come to is read the same way', () => {
    const context = [{ name: 'pem', variable: { value: certA } }];
    const verifyImages = [
      entry({ type: 'Notary', attestors: [{ entries: [{ certificates: { cert: '{{ pem }}' } }] }] }),
    ];
    const [written] = load(clusterPolicy({ rules: [rule({ context, verifyImages })] })).rules[0]?.entries ?? [];
    expect(written).toMatchObject({ type: 'Notary', attestors: [], written: { names: new Set(['pem']) } });
    const become = (value: string) => written?.written?.entry(lazily(new Map([['pem', () => value]])), createRun(0));
    expect(become(certB)).toMatchObject({ attestors: [{ entries: [{ by: { certificates: certB.trim() } }] }] });
    expect(become(keyA)).toEqual([expect.objectContaining({ message: expect.stringContaining('is a PUBLIC KEY') })]);
  });
});

describe('type Notary without attestors', () => {
  const trust: NotaryTrust = {
    statements: [
      { name: 'off', scopes: 'every', levels: 'skip', verifyTimestamp: 'always', stores: [], identities: 'any' },
    ],
  };
  const trusting = (policy: Json) =>
    loadPolicies([asFile(policy)], { notary: { trust, files: [], warnings: [] } }).rules;

  test('is decided by the trust policies beside the policies', () => {
    for (const attestors of [undefined, []]) {
      const [one] = trusting(withEntry({ attestors })).map(({ entries }) => entries[0]);
      expect(one).toMatchObject({ type: 'Notary', attestors: [{ entries: [{ kind: 'notary', by: { trust } }] }] });
    }
    const own = withAttestor({ certificates });
    expect(trusting(own)).toEqual(load(own).rules);
  });

  test('is refused where there are none, with what to do', () => {
    expect(problemsOf(withEntry({ attestors: [] }))).toEqual([
      expect.stringMatching(
        /attestors: type: Notary without attestors is decided by a trust policy, and there is none: put/,
      ),
    ]);
  });

  test('asks nobody where it is not required', () => {
    expect(firstEntry(withEntry({ attestors: [], required: false }))).toMatchObject({ attestors: [] });
  });

  test("the trust policies' files are in the set's hash", () => {
    const hashes = [Uint8Array.of(1), Uint8Array.of(2)].map((bytes) => {
      const files = [{ name: 'notary/trustpolicy.json', path: 'trustpolicy.json', bytes }];
      return loadPolicies([asFile(withEntry({ attestors: [] }))], { notary: { trust, files, warnings: [] } }).hash;
    });
    expect(new Set(hashes).size).toBe(2);
    expect(() => load(withEntry({ attestors: [] }))).toThrow(PolicyLoadError);
  });
});

describe('attestations under type Notary', () => {
  const trust: NotaryTrust = {
    statements: [
      { name: 'off', scopes: 'every', levels: 'skip', verifyTimestamp: 'always', stores: [], identities: 'any' },
    ],
  };
  const trusted = { kind: 'notary', by: { trust } };
  const own = [{ entries: [{ certificates: { cert: certB } }] }];
  const ownRead = [{ entries: [{ kind: 'notary', by: { certificates: certB.trim() } }] }];
  const attestors = [{ entries: [{ certificates }] }];
  const type = 'sbom/example';
  const trusting = (policy: Json) =>
    loadPolicies([asFile(policy)], { notary: { trust, files: [], warnings: [] } }).rules[0]?.entries[0];

  test('are by their own attestors, else by those of the entry', () => {
    const one = firstEntry(withEntry({ attestors, attestations: [{ type }, { type: 'a/b', attestors: own }] }));
    expect(one).toMatchObject({
      attestations: [
        { predicateType: type, attestors: [{ entries: [{ by: { certificates: certA.trim() } }] }] },
        { predicateType: 'a/b', attestors: ownRead },
      ],
    });
  });

  test('or whom the trust policies trust', () => {
    const byTrust = [{ entries: [trusted] }];
    const attestations = [{ type }, { type: 'a/b', attestors: own }];
    const read = [{ attestors: byTrust }, { attestors: ownRead }];
    expect(trusting(withEntry({ attestors: [], attestations }))).toMatchObject({
      attestors: byTrust,
      attestations: read,
    });
    // A signature is not required; who attests has to be somebody all the same.
    expect(trusting(withEntry({ attestors: [], attestations, required: false }))).toMatchObject({
      attestors: [],
      attestations: read,
    });
  });

  test('and never by anyone: without attestors and trust policy one is refused, and alone with its own it is not', () => {
    const refused = /attestations\[0\]: type: Notary without attestors is decided by a trust policy, and there is none/;
    for (const required of [true, false]) {
      expect(problemsOf(withEntry({ attestors: [], attestations: [{ type }], required }))).toEqual([
        expect.stringMatching(refused),
      ]);
      const alone = firstEntry(withEntry({ attestors: [], attestations: [{ type, attestors: own }], required }));
      expect(alone).toMatchObject({ attestors: [], attestations: [{ attestors: ownRead }] });
    }
  });

  test.each<[string, Json]>([
    ['Keys field is not allowed for type notary', keys(keyA)],
    ['Keyless field is not allowed for type notary', keyless()],
  ])('%s, of an attestation either', (message, attestor) => {
    const attestations = [{ type, attestors: [{ entries: [attestor] }] }];
    expect(problemsOf(withEntry({ attestors, attestations }))).toEqual([expect.stringContaining(message)]);
  });

  test('a type is asked for, and warned of where no artifact can have it', () => {
    expect(problemsOf(withEntry({ attestors, attestations: [{}] }))).toEqual([
      expect.stringContaining('missing type: write the artifact type of the attestations'),
    ]);
    const warnings = (written: string) =>
      load(withEntry({ attestors, attestations: [{ type: written }] })).warnings.map(({ message }) => message);
    expect(warnings('https://slsa.dev/provenance/v1')).toEqual([
      expect.stringContaining('is no artifact type, as type: Notary asks for it'),
    ]);
    expect(warnings('application/vnd.acme.scan+json')).toEqual([]);
  });
});
