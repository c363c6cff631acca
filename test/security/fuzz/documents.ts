import fc from 'fast-check';
import { evidenceKinds } from '../../../shared/evidence/kinds.ts';
import { loadPolicies } from '../../../shared/policy/kyverno/load.ts';
import { PolicyLoadError } from '../../../shared/policy/problems.ts';
import { referrerCandidates, tagCandidates } from '../../../shared/registry/candidates.ts';
import { CredentialsError, parseDockerConfig } from '../../../shared/registry/credentials.ts';
import { defaultLimits } from '../../../shared/registry/limits.ts';
import { parseManifest, parseReferrers } from '../../../shared/registry/manifest.ts';
import { atOnce } from '../../../shared/slices.ts';
import { buildCheck } from '../../../shared/trust/build.ts';
import { byKey, policy } from '../../e2e/documents.ts';
import { makeImage, repository } from '../../fixtures/attached.ts';
import { makeSigner } from '../../fixtures/signers.ts';
import { anyText, damaged, jsonLike } from './mutate.ts';
import { demand, isRefusal, orRefused, type Target, target } from './target.ts';

const signer = makeSigner();
const image = makeImage();
const kept = { kinds: evidenceKinds, limits: defaultLimits };

export function manifests(): Target {
  const layer = {
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    size: 2,
    digest: image.digest,
    annotations: { a: 'b' },
  };
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: image.digest };
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const subject = { mediaType: type, size: 2, digest: image.digest };
  const valid = fc.constantFrom(
    { schemaVersion: 2, mediaType: type, config, layers: [layer], subject, annotations: { a: 'b' } },
    {
      schemaVersion: 2,
      mediaType: type,
      config,
      layers: [{ ...layer, mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' }],
      subject,
    },
    { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [subject] },
  );
  const contentType = fc.oneof(fc.constantFrom(undefined, type, 'application/json', `${type}; charset=utf-8`), anyText);
  return target('manifest', fc.tuple(valid.chain(jsonLike), contentType), ([text, served]) => {
    const bytes = Buffer.from(text);
    orRefused(() => atOnce(parseReferrers(bytes, served, 'it', defaultLimits)), isRefusal);
    const manifest = orRefused(() => atOnce(parseManifest(bytes, served, 'it', kept)), isRefusal);
    if (manifest === undefined) return;
    const read = { digest: image.digest, bytes, manifest };
    const found = [
      tagCandidates('sig-tag', repository, read, evidenceKinds),
      tagCandidates('att-tag', repository, read, evidenceKinds),
      referrerCandidates(repository, image.digest, read, evidenceKinds),
    ];
    for (const { candidates, problems } of found) {
      for (const { item } of candidates)
        demand(/^sha(256|512):[0-9a-f]+$/.test(item.layer.digest), 'an unchecked digest');
      for (const { refusal } of problems) demand(isRefusal(refusal), 'a defect as a problem');
    }
  });
}

export function policies(): Target {
  const attestor = byKey(signer.pem, { annotations: { a: 'b' }, repository: 'ghcr.io/a/b' });
  const document = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'x', annotations: { 'pod-policies.kyverno.io/autogen-controllers': 'Deployment' } },
    spec: {
      validationFailureAction: 'Enforce',
      failurePolicy: 'Fail',
      webhookTimeoutSeconds: 10,
      validationFailureActionOverrides: [{ action: 'Audit', namespaces: ['dev-*'] }],
      rules: [
        {
          name: 'check',
          match: {
            any: [{ resources: { kinds: ['Pod'], selector: { matchLabels: { a: 'b' } }, operations: ['CREATE'] } }],
          },
          exclude: { all: [{ resources: { namespaces: ['kube-system'], names: ['x*'] } }] },
          verifyImages: [
            {
              imageReferences: ['ghcr.io/*', 'nginx:*'],
              skipImageReferences: ['ghcr.io/skip/*'],
              attestors: [{ count: 1, entries: [attestor, { attestor: { entries: [attestor] } }] }],
              mutateDigest: true,
              required: true,
              type: 'Cosign',
            },
          ],
        },
      ],
    },
  };
  const yaml = policy({ images: 'x/*', attestors: [{ entries: [attestor] }], entry: ['type: Cosign'] });
  const marks = [
    '&a',
    '*a',
    '<<: *a',
    '---',
    '\t',
    '? x',
    '!!binary x',
    '!!set',
    '|',
    '>',
    '{',
    '}',
    '[',
    '# x',
    '%YAML 1.1',
    'a: b: c',
    '\u2028',
  ];
  const marked = fc.tuple(fc.nat(), fc.constantFrom(...marks)).map(([at, mark]) => {
    const start = at % yaml.length;
    return `${yaml.slice(0, start)}${mark}${yaml.slice(start)}`;
  });
  const input = fc.oneof(jsonLike(document), damaged(yaml), marked, anyText);
  return target('policy', input, (text) => {
    const set = orRefused(() => loadPolicies([{ name: 'p.yaml', text }]), isLoadError);
    for (const rule of set?.rules ?? []) {
      demand(
        rule.entries.length > 0 && rule.entries.every(({ imageReferences }) => imageReferences.length > 0),
        'a rule about nothing',
      );
      for (const entry of rule.entries) orRefused(() => buildCheck(entry), isRefusal);
    }
  });
}

/** With a line for every problem, or nobody could find it. */
function isLoadError(thrown: unknown): boolean {
  return (
    thrown instanceof PolicyLoadError && thrown.problems.length > 0 && thrown.problems.every(({ line }) => line >= 0)
  );
}

export function dockerConfigs(): Target {
  const auth = Buffer.from('user:pass:word').toString('base64');
  const valid = {
    auths: {
      'https://index.docker.io/v1/': { auth },
      '*.corp.test:5000/team': { username: 'u', password: 'p', identitytoken: 't' },
    },
    credsStore: 'x',
  };
  return target('docker config', jsonLike(valid), (text) => {
    const config = orRefused(
      () => parseDockerConfig(text),
      (thrown) => thrown instanceof CredentialsError,
    );
    if (config === undefined) return;
    demand(
      config.find({ registry: 'evil.test', path: 'a/b' }) === undefined || text.includes('evil') || /[*?]/.test(text),
      "another host's credential",
    );
    for (const warning of config.warnings) demand(!warning.includes('pass:word'), 'a warning with a secret');
  });
}
