import { PolicyLoadError } from '../policy/problems.ts';
import { clusterFiles } from './layout.ts';

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
