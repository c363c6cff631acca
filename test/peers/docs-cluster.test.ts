import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from './cluster.ts';
import { root } from './countersign.ts';
import { defineKind } from './custom-resources.ts';
import { defineKyvernoKinds } from './kyverno-kinds.ts';
import { type Block, blocksOf } from './markdown.ts';
import { newReader, type Reader, typeBlock, typeOk } from './reader.ts';

// The blocks of pages that name a cluster, typed as printed and in their order, each page in a clone of its own. Not here:
// docs/migrate.md has a test of its own,
// docs/deploy.md wants an account of AWS,
// docs/serve.md the name of a machine that the cluster's API server finds,
// docs/cli.md kustomize, which is no part of the peers.

let dir: string;
let cluster: Cluster;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-pages-'));
  cluster = await startCluster(dir);
  await defineKyvernoKinds(cluster);
  await defineKind(cluster, { group: 'tekton.dev', version: 'v1', kind: 'Task', plural: 'tasks', scope: 'Namespaced' });
});

afterAll(async () => {
  await cluster?.stop();
  await rm(dir, { recursive: true, force: true });
});

const exception = `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: app, namespace: shop}
spec:
  match: {any: [{resources: {kinds: [Deployment], names: [app]}}]}
  exceptions: [{policyName: require-signed-images, ruleNames: [autogen-platform-key]}]
`;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: shop}
spec: {template: {spec: {containers: [{name: app, image: registry.example.com/platform/app}]}}}
`;

/** Each page with what its reader has: policies, other files, and what is in the cluster. */
const pages = {
  'docs/exceptions.md': `cp policies/samples/one-key.yaml policies/
    mkdir -p team/exceptions
    cat > pending.yaml <<'EOF'
${exception}EOF
    sed 's/name: app,/name: other,/' pending.yaml > team/exceptions/other.yaml
    cat > deployment.yaml <<'EOF'
${deployment}EOF
    kubectl create namespace shop
    kubectl create -f pending.yaml`,
  'docs/manifests.md': 'mkdir policies/prod && cp policies/samples/one-key.yaml policies/',
};

/** What each block is to have done, by a part of it: commands that fail where it has not. */
const done: Readonly<Record<string, string>> = {
  '--exception pending.yaml': 'true',
  '> policies/exceptions/from-kyverno.yaml': `grep -q 'name: app$' policies/exceptions/from-kyverno.yaml
    bin/countersign apply policies -f deployment.yaml | grep -q policy-exception`,
  'manifests --policies policies': `kubectl get mutatingwebhookconfiguration countersign -o yaml |
    grep -q "/prod/mutate/fail/$TOKEN$"`,
  'policies/staging/.gitkeep':
    'bin/countersign manifests --policies policies --cluster staging --url https://a.example > /dev/null',
  'kubectl api-resources': 'kubectl api-resources --api-group=tekton.dev -o name | grep -q tasks.tekton.dev',
  // Who is in a group may do nothing here: a controller, of which none runs, gives `edit` its rules.
  'kubectl create rolebinding': `kubectl get rolebinding on-call -n emergency -o jsonpath='{.roleRef.name} {.subjects[0].name}' |
    grep -q '^edit on-call$'`,
  'kubectl delete':
    '! kubectl get mutatingwebhookconfiguration,validatingwebhookconfiguration -o name | grep countersign',
};

describe.each(Object.entries(pages))('%s', (page, before) => {
  let reader: Reader;
  let blocks: Block[];

  beforeAll(async () => {
    blocks = blocksOf(await readFile(join(root, page), 'utf8')).filter(({ language }) => language === 'console');
    reader = await newReader({
      tools: ['kubectl'],
      env: { KUBECONFIG: cluster.kubeconfig, TOKEN: 'token-of-the-cluster-prod-0123456789' },
    });
    await typeOk(reader, before);
  });

  afterAll(() => reader?.leave());

  test('each block does what the page says', async () => {
    for (const block of blocks) {
      await typeBlock(reader, block);
      const [check] = Object.entries(done).filter(([part]) => block.text.includes(part));
      if (check === undefined) throw new Error(`line ${block.line}: nobody looks at what it does`);
      await typeOk(reader, check[1]);
    }
  });
});
