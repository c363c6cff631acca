import { PolicyLoadError } from '../policy/problems.ts';
import { clusterFiles, notaryFiles, policyFiles } from './layout.ts';

const clusters = ['prod', 'dev'];

function refused(...names: string[]): string {
  try {
    clusterFiles(names, clusters);
    return '';
  } catch (thrown) {
    if (!(thrown instanceof PolicyLoadError)) throw thrown;
    return thrown.message;
  }
}

test('files at the top are for all clusters, a folder is for its own', () => {
  const files = clusterFiles(
    ['a.yaml', 'b.json', 'prod/c.yml', 'samples/x.yaml', 'README.md', 'dev/.gitkeep'],
    clusters,
  );
  expect([...files]).toEqual([
    ['prod', ['a.yaml', 'b.json', 'prod/c.yml']],
    ['dev', ['a.yaml', 'b.json']],
  ]);
});

test('samples are never deployed, and no cluster is named so', () => {
  expect([...clusterFiles(['samples/a.yaml', 'samples/deep/er/b.yaml'], clusters).values()]).toEqual([[], []]);
  expect(() => clusterFiles([], ['samples'])).toThrow(
    'samples: cannot be the name of a cluster: samples are never deployed',
  );
});

test("what Artifact Hub's catalogue has of policies is none, by its name alone", () => {
  const names = ['artifacthub-pkg.yml', 'prod/artifacthub-repo.yaml', 'a.yaml', 'artifacthub-policy.yaml'];
  expect(clusterFiles(names, ['prod']).get('prod')).toEqual(['a.yaml', 'artifacthub-policy.yaml']);
});

test('suites beside policies are for no cluster, and hide nothing else', () => {
  const suites = [
    '.kyverno-test/a/kyverno-test.yaml',
    'prod/.kyverno-test/b.yaml',
    'prod/.kyverno-test/deep/er/run.sh',
  ];
  expect([...clusterFiles(['a.yaml', ...suites], clusters).values()]).toEqual([['a.yaml'], ['a.yaml']]);
  expect(refused('.kyverno-tests/a.yaml')).toContain("'.kyverno-tests' is not a configured cluster");
  expect(refused('.kyverno-test/../a.yaml')).toContain('is not a relative file name');
});

test('exceptions stand beside the policies, for all clusters or for one, and no cluster is named so', () => {
  const files = clusterFiles(
    ['exceptions/a.yaml', 'prod/exceptions/b.yaml', 'exceptions/README.md', 'c.yaml'],
    clusters,
  );
  expect([...files]).toEqual([
    ['prod', ['exceptions/a.yaml', 'prod/exceptions/b.yaml', 'c.yaml']],
    ['dev', ['exceptions/a.yaml', 'c.yaml']],
  ]);
  expect(clusterFiles(['dev\\exceptions\\a.yaml'], clusters).get('dev')).toHaveLength(1);
  expect(() => clusterFiles([], ['exceptions'])).toThrow('exceptions: cannot be the name of a cluster');
});

test.each([
  ['prdo/a.yaml', "'prdo' is not a configured cluster (prod, dev)"],
  ['prdo/README.md', "'prdo' is not a configured cluster"],
  ['prod/team/a.yaml', 'is nested too deep'],
  ['exceptions/prod/a.yaml', 'is nested too deep'],
  ['prod/exceptions/team/a.yaml', 'is nested too deep'],
  ['exceptions/exceptions/a.yaml', "'exceptions' is not a configured cluster"],
  ['prdo/exceptions/a.yaml', "'prdo' is not a configured cluster"],
  ['prod/exception/a.yaml', 'is nested too deep'],
  ['exceptions/a.yaml.bak', 'is neither a policy'],
  ['a.yaml.bak', 'is neither a policy (.yaml, .yml, .json) nor documentation'],
  ['prod/policy', 'is neither a policy'],
  ['../a.yaml', 'is not a relative file name'],
  ['/a.yaml', 'is not a relative file name'],
])('%s is refused', (name, message) => {
  expect(refused(name)).toContain(`${name}: ${message}`);
  expect(refused('prod/a.yaml', 'a.yaml')).toBe('');
});

test('every problem is found; endings in capitals and backslashes are understood', () => {
  expect(refused('x/a.yaml', 'y/b.yaml').split('\n')).toHaveLength(2);
  expect(clusterFiles(['A.YAML', 'prod\\b.yaml'], clusters).get('prod')).toEqual(['A.YAML', 'prod\\b.yaml']);
});

describe('trust policies', () => {
  const ofAll = ['notary/trustpolicy.json', 'notary/truststore/x509/ca/acme/root.pem'];
  const ofProd = ['prod/notary/trustpolicy.oci.json', 'prod\\notary\\truststore\\x509\\tsa\\t\\a.CRT'];

  test('are for all clusters, or for one in place of those', () => {
    const names = ['a.yaml', ...ofAll, ...ofProd, 'notary/README.md', 'notary/truststore/x509/ca/.gitkeep'];
    expect([...clusterFiles(names, clusters).values()]).toEqual([['a.yaml'], ['a.yaml']]);
    expect(notaryFiles(names, 'dev')).toEqual({
      folder: 'notary',
      files: [
        { name: 'notary/trustpolicy.json', path: 'trustpolicy.json' },
        { name: 'notary/truststore/x509/ca/acme/root.pem', path: 'truststore/x509/ca/acme/root.pem' },
      ],
    });
    expect(notaryFiles(names, 'prod')).toEqual({
      folder: 'prod/notary',
      files: [
        { name: ofProd[0], path: 'trustpolicy.oci.json' },
        { name: ofProd[1], path: 'truststore/x509/tsa/t/a.CRT' },
      ],
    });
    expect(notaryFiles(['a.yaml', 'notary/README.md'], 'prod')).toBeUndefined();
    expect(policyFiles(names)).toEqual(['a.yaml']);
  });

  test('what notation has beside them is let be, and no cluster is called so', () => {
    expect(refused('notary/config.json', 'notary/signingkeys.json', 'notary/trustpolicy.blob.json')).toBe('');
    expect(notaryFiles(['notary/config.json', 'notary/trustpolicy.json'], 'dev')?.files).toHaveLength(1);
    expect(() => clusterFiles([], ['notary'])).toThrow('notary: cannot be the name of a cluster');
  });

  test.each([
    ['notary/localkeys/acme.key', 'is a signing key of notation'],
    ['notary/plugins/x/notation-x', 'is of a plugin of notation'],
    ['notary/truststore/x509/ca/root.pem', 'is in no store of its own'],
    ['notary/truststore/x509/CA/acme/root.pem', 'is in no trust store'],
    ['notary/truststore/ca/acme/root.pem', 'is in no trust store'],
    ['notary/truststore/x509/ca/ac me/root.pem', 'has another sign in its name'],
    ['notary/truststore/x509/ca/acme/deep/root.pem', 'is in a folder of a trust store'],
    ['notary/truststore/x509/ca/acme/root.p12', 'is no certificate by its name'],
    ['notary/trust-store/x509/ca/acme/root.pem', 'is nothing that a trust policy has'],
    ['notary/policy.yaml', 'are read; policies stand beside this folder'],
    ['dev/notary/policy.yaml', 'are read; policies stand beside this folder'],
    ['prdo/notary/trustpolicy.json', "'prdo' is not a configured cluster"],
    ['exceptions/notary/trustpolicy.json', "'exceptions' is not a configured cluster"],
    ['prod/team/notary/trustpolicy.json', 'is nested too deep'],
    ['notary/../a.yaml', 'is not a relative file name'],
  ])('%s is refused', (name, message) => {
    expect(refused(name)).toMatch(`${name}: `);
    expect(refused(name)).toContain(message);
    expect(refused(...ofAll, ...ofProd)).toBe('');
  });
});
