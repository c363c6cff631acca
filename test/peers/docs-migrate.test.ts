import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { selfSigned } from '../../local/tls.ts';
import { type ApiAnswer, type Cluster, startCluster } from './cluster.ts';
import { root } from './countersign.ts';
import { defineKyvernoKinds } from './kyverno-kinds.ts';
import { type Block, blocksOf } from './markdown.ts';
import { freePorts } from './programs.ts';
import { newReader, type Reader, typeBlock, typeOk } from './reader.ts';

// The blocks of docs/migrate.md that name a cluster, typed as printed and in their order, against an API server that has Kyverno's
// kinds, policies and Pods, and a `serve` that it reaches. Kyverno itself does not run: its command line does, and Pods are written
// with the digests that it would have put there. docs.test.ts types the page's other blocks.

/** What cannot be typed here, by the program that it needs, and why. */
const notHere: Readonly<Record<string, string>> = {
  aws: 'the log of a deployed function is in an account of AWS',
};

const settleTimeout = 20_000;
const token = 'token-of-the-cluster-staging';
const emergency = 'emergency';

let dir: string;
let cluster: Cluster;
let reader: Reader;
let blocks: Block[];
let port: number;
/** `HOST/name:1@sha256:…` */
let signed: string;
let unsigned: string;

/** Types the one block in which this stands. */
async function typed(part: string): Promise<string> {
  const [block, ...others] = blocks.filter(({ text }) => text.includes(part));
  if (block === undefined || others.length > 0) throw new Error(`not one block with '${part}'`);
  return typeBlock(reader, block);
}

const sh = (commands: string) => typeOk(reader, commands);

function pod(name: string, image: string, namespace = 'shop') {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: [{ name: 'app', image }] },
  };
}

async function create(name: string, image: string, { dry = false, namespace = 'shop' } = {}): Promise<ApiAnswer> {
  const query = dry ? '?dryRun=All' : '';
  return cluster.api('POST', `/api/v1/namespaces/${namespace}/pods${query}`, pod(name, image, namespace));
}

/** The API server learns of a configuration a moment after it has stored it. */
async function settled(what: string, image: string, seen: (answer: ApiAnswer) => boolean): Promise<void> {
  const end = Date.now() + settleTimeout;
  for (;;) {
    const answer = await create('probe', image, { dry: true });
    if (seen(answer)) return;
    if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(answer)}`);
    await delay(50);
  }
}

const isRecorded = ({ status, warnings }: ApiAnswer) => status === 201 && warnings.length > 0;
const isAdmitted = ({ status, warnings }: ApiAnswer) => status === 201 && warnings.length === 0;

/** Starts `serve` with the folder that the page has filled, as the deployment that the cluster calls. */
async function deploy(): Promise<void> {
  const tls = `--tls-cert '${join(dir, 'tls.crt')}' --tls-key '${join(dir, 'tls.key')}'`;
  await sh(`bin/countersign serve --policies policies --addr 127.0.0.1:${port} ${tls} --token "$TOKEN" \\
    --log json > log 2> '${join(dir, 'serve.err')}' &
    curl -sk --retry 20 --retry-delay 1 --retry-connrefused "$URL/healthz"`);
}

const labels = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: require-labels}
spec:
  validationFailureAction: Audit
  rules:
    - name: team
      match: {any: [{resources: {kinds: [Pod]}}]}
      validate: {message: name a team, pattern: {metadata: {labels: {team: "?*"}}}}
`;

const exception = `apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: agent, namespace: shop}
spec:
  match: {any: [{resources: {kinds: [Pod], names: [agent]}}]}
  exceptions: [{policyName: require-team-signature, ruleNames: ["*signed-by-the-team"]}]
`;

beforeAll(async () => {
  const page = await readFile(join(root, 'docs', 'migrate.md'), 'utf8');
  blocks = blocksOf(page).filter(({ language }) => language === 'console');
  dir = await mkdtemp(join(tmpdir(), 'countersign-migrate-'));
  const { certPem, keyPem } = await selfSigned();
  await writeFile(join(dir, 'tls.crt'), certPem);
  await writeFile(join(dir, 'tls.key'), keyPem, { mode: 0o600 });
  cluster = await startCluster(join(dir, 'cluster'), { authority: join(dir, 'tls.crt') });
  await defineKyvernoKinds(cluster);
  [port = 0] = await freePorts(1);
  reader = await newReader({
    tools: ['kubectl', 'kyverno'],
    env: { KUBECONFIG: cluster.kubeconfig, URL: `https://127.0.0.1:${port}`, TOKEN: token },
  });
  await reader.npmStart();
  const digest = async (image: string) => `${image}@${(await sh(`crane digest ${image}`)).trim()}`;
  signed = await digest('localhost:5080/demo/signed:1');
  unsigned = await digest('localhost:5080/demo/unsigned:1');

  await sh('kubectl create namespace shop');
  // Kyverno would fetch the keys of certificate logs from the internet, and look for no bundles.
  const demo = (await sh('cat demo/policy.yaml'))
    .replace(/^( +)rekor:\n.*$/m, '$&\n$1ctlog: {ignoreSCT: true}')
    .replace('- imageReferences:', '- type: SigstoreBundle\n          imageReferences:');
  const own = demo
    .replace('kind: ClusterPolicy', 'kind: Policy')
    .replace('name: require-team-signature', 'name: in-the-shop\n  namespace: shop');
  const mixed = demo
    .replace('name: require-team-signature', 'name: of-both-types')
    .replace('localhost:5080/demo/', 'localhost:5080/other/')
    .concat(labels.slice(labels.indexOf('    - name: team')));
  const objects = [
    demo,
    labels,
    exception,
    own,
    mixed,
    ...[pod('web', signed), pod('old', unsigned), pod('agent', unsigned)].map((each) => JSON.stringify(each)),
  ];
  const made = await cluster.kubectl(['create', '-f', '-'], objects.join('\n---\n'));
  if (made.code !== 0) throw new Error(made.stderr);
});

afterAll(async () => {
  try {
    await reader?.leave();
  } finally {
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

test('collect: policies as the cluster has them load', async () => {
  await typed('> running.yaml');
  const output = await sh('bin/countersign manifests --policies policies --url "$URL" > webhooks.yaml');
  expect(output).toContain('require-labels has no verifyImages rule: it is left to Kyverno');
  expect(await sh("grep -c 'name: agent' policies/from-kyverno.yaml")).toBe('1\n');
});

test('the verdicts on what runs: Countersign’s, and those of Kyverno’s command line', async () => {
  const ours = await sh('bin/countersign apply policies/from-kyverno.yaml -f running.yaml || test $? = 1');
  expect(ours).toMatch(/^fail: 2 pass, 3 fail, 4 skip$/m);
  const theirs = await typed('kyverno apply');
  const told = theirs.matchAll(/require-team-signature -> resource shop\/Pod\/(\w+) failed:\s+1 - \S+ (\w+)/g);
  // `unverified` of what is signed: two policies are about it.
  expect([...told].map(([, name, why]) => `${name}: ${why}`).sort()).toEqual([
    'old: failed',
    'old: unverified',
    'web: unverified',
  ]);
  expect(theirs).toMatch(/skipped \w+ policy require-team-signature -> resource shop\/Pod\/agent/);
});

test('recording alone: what would be denied is admitted with a warning, and stands in the log', async () => {
  await typed('policies/staging');
  await deploy();
  await typed('--audit-only');
  await settled('nothing is recorded', unsigned, isRecorded);
  expect(await create('signed', signed)).toMatchObject({ status: 201, warnings: [] });
  const admitted = await create('unsigned', unsigned);
  expect(admitted.status).toBe(201);
  expect(admitted.warnings.join('\n')).toContain('no-signature');

  const wanted = new RegExp(`^ +\\d+ no-signature\tsigned-by-the-team\t${unsigned}$`, 'm');
  const counted = await typed('sort | uniq -c');
  expect(counted).toMatch(wanted);
  expect(counted).not.toContain(signed);
  // A deployed function's lines have the record in a field.
  await sh(`jq -Rc 'fromjson? | {level: "INFO", message: "admission", admission: .}' log > wrapped && mv wrapped log`);
  expect(await typed('sort | uniq -c')).toBe(counted);
});

test('enforce: what is unsigned is denied, what is signed is pinned, and the way through is there', async () => {
  await sh(`kubectl create namespace ${emergency}`);
  await typed('--break-glass');
  await settled('nothing is denied', unsigned, ({ status }) => status === 403);
  const { status, body } = await create('by-tag', signed.replace(/@.*/, ''));
  expect(status).toBe(201);
  expect(body.spec.containers[0].image).toBe(signed);
  expect(await create('unsigned-2', unsigned)).toMatchObject({ status: 403 });
  expect(await create('unsigned', unsigned, { namespace: emergency })).toMatchObject({ status: 201 });
});

test('Kyverno’s rules of images are taken away, and its others stay', async () => {
  await typed('xargs');
  expect(await sh('kubectl get clusterpolicies,policies.kyverno.io,policyexceptions.kyverno.io -A -o name')).toBe(
    [
      'clusterpolicy.kyverno.io/of-both-types',
      'clusterpolicy.kyverno.io/require-labels',
      'policyexception.kyverno.io/agent',
      '',
    ].join('\n'),
  );
  expect(await typed('any(.spec.rules[]')).toBe('ClusterPolicy\t\tof-both-types\n');
});

test('the way back: recording alone again, and then nothing', async () => {
  await typed('--audit-only');
  await typed('kubectl delete mutatingwebhookconfiguration');
  await settled('still denied', unsigned, isRecorded);
  const page = await readFile(join(root, 'docs', 'migrate.md'), 'utf8');
  const [, command = ''] = /^\| 5 \| `(kubectl [^`]+)` \|$/m.exec(page) ?? [];
  await sh(command);
  await settled('still recorded', unsigned, isAdmitted);
});

test('every block of the page was typed, or says why not', async () => {
  const parts = [
    '> running.yaml',
    'kyverno apply',
    'policies/staging',
    '--audit-only',
    'sort | uniq -c',
    '--break-glass',
  ];
  const known = [...parts, 'xargs', 'any(.spec.rules[]', 'kubectl delete mutatingwebhookconfiguration'];
  const left = blocks.filter(({ text }) => !known.some((part) => text.includes(part)));
  expect(left.map(({ text }) => text.split(' ')[0]).filter((program = '') => !Object.hasOwn(notHere, program))).toEqual(
    [],
  );
});
