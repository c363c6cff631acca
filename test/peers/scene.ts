import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { manifestsFrom } from '../../cli/manifests.ts';
import type { WebhookConfiguration } from '../../cli/webhooks.ts';
import { createLocalCore } from '../../local/core.ts';
import type { EventShape } from '../../local/event.ts';
import { readPolicyFolder } from '../../local/policies.ts';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import { rootOfFile } from '../../local/trust-root.ts';
import { startWebhooks } from '../../local/webhooks.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { type ApiAnswer, type AuditEvent, type Cluster, startCluster } from './cluster.ts';
import { type Trust, writeTrust } from './notary/trust.ts';
import type { RunResult } from './tools.ts';

/**
 * One team's part of the cluster: a namespace and its break-glass namespace, a registry, the handler with policies of its own
 * behind HTTPS, and the webhooks of `countersign manifests`, which see these namespaces alone. So scenes do not meet, and none
 * has to be taken down before the next one.
 */
export interface Scene {
  readonly namespace: string;
  readonly emergency: string;
  readonly registry: LocalRegistry;
  /** One an admission that the handler answered, since the webhooks were registered. */
  readonly records: AdmissionRecord[];
  /** How often a metric was counted with all of these labels since then. */
  count(name: string, labels?: Readonly<Record<string, string>>): number;
  /** An image in the scene's registry, signed by the team unless told otherwise. */
  image(name: string, options?: { signed?: boolean }): Promise<SceneImage>;
  /** Registers the webhooks and waits until the API server calls them. */
  register(): Promise<void>;
  /** kubectl in the scene's namespace. */
  kubectl(args: readonly string[], input?: unknown): Promise<RunResult>;
  /** `kubectl create` of one object. */
  create(object: unknown, ...args: string[]): Promise<RunResult>;
  /** An object as it is stored; `resource` is what kubectl calls it: `pod/web`. */
  stored(resource: string): Promise<ApiAnswer['body']>;
  /** The audit event of an object's latest request with this verb. */
  audited(verb: string, name: string): Promise<AuditEvent>;
  /** The endpoint goes away: connections are refused. */
  unplug(): Promise<void>;
  /** Something else that ends with the scene. */
  onClose(end: () => Promise<void>): void;
  close(): Promise<void>;
}

export interface SceneImage {
  /** `HOST/name:1` */
  readonly tagged: string;
  /** `HOST/name:1@sha256:…` */
  readonly pinned: string;
}

export interface SceneOptions {
  readonly shape: EventShape;
  /** YAML, made when the registry's host and the team's key are known. */
  policies(host: string, team: SigningKey): readonly string[];
  /** The trust policy of Notary signatures, in `notary/` beside the policies. */
  readonly trust?: Trust;
  /** Only the configurations of these kinds are registered; both by default. */
  readonly kinds?: readonly WebhookConfiguration['kind'][];
  /** A file with the trust root, in place of the carried one. */
  readonly trustedRoot?: string;
  /** `register` is called later. */
  readonly later?: boolean;
  /** Of the scene's namespace. */
  readonly labels?: Readonly<Record<string, string>>;
  /** How many webhooks are called for a Pod in the scene's namespace; by default all but those of break glass. */
  readonly webhooks?: number;
}

const settleTimeout = 20_000;
const uncovered = 'uncovered.example.com/probe';
let scenes = 0;

export async function openScene(cluster: Cluster, options: SceneOptions): Promise<Scene> {
  scenes += 1;
  const namespace = `scene-${scenes}`;
  const emergency = `${namespace}-emergency`;
  const token = `token-of-${namespace}`;
  const dir = await mkdtemp(join(tmpdir(), 'countersign-scene-'));
  const registry = await startRegistry();
  const destination = storeDestination(registry);
  const team = newKey();
  const folder = join(dir, 'policies');
  await mkdir(folder);
  for (const [at, text] of options.policies(registry.host, team).entries()) {
    await writeFile(join(folder, `${at}.yaml`), text);
  }

  if (options.trust !== undefined) await writeTrust(join(folder, 'notary'), options.trust);

  const counted: { name: string; labels: Readonly<Record<string, string>> }[] = [];
  const metrics = {
    count: (name: string, labels: Readonly<Record<string, string>> = {}) => void counted.push({ name, labels }),
  };
  const found = options.trustedRoot === undefined ? undefined : await rootOfFile(options.trustedRoot);
  const trust = found === undefined ? {} : { roots: () => found.root };
  const core = createLocalCore({ metrics, ...trust });
  const tls = await selfSigned();
  const records: AdmissionRecord[] = [];
  const server = await startWebhooks({
    core,
    policies: await readPolicyFolder(folder, trust),
    address: { host: '127.0.0.1', port: 0 },
    tls,
    token,
    shape: options.shape,
    log: (record) => records.push(record),
  });
  const endings = [() => server.close(), () => core.close(), () => registry.close()];

  for (const name of [namespace, emergency]) {
    const labels = name === namespace ? (options.labels ?? {}) : {};
    const { status, body } = await cluster.api('POST', '/api/v1/namespaces', { metadata: { name, labels } });
    if (status !== 201) throw new Error(`namespace ${name}: ${JSON.stringify(body)}`);
  }
  const certificate = join(dir, 'tls.crt');
  await writeFile(certificate, tls.certPem);
  const kubectl: Scene['kubectl'] = (args, input) => cluster.kubectl(['-n', namespace, ...args], input);

  const scene: Scene = {
    namespace,
    emergency,
    registry,
    records,
    count: (name, labels = {}) =>
      counted.filter(
        (event) =>
          event.name === name && Object.entries(labels).every(([label, value]) => event.labels[label] === value),
      ).length,
    async image(name, { signed = true } = {}) {
      const digest = await makeImage(destination, name, '1', { label: name });
      if (signed) await sign(destination, { repository: name, digest, key: team });
      const tagged = `${registry.host}/${name}:1`;
      return { tagged, pinned: `${tagged}@${digest}` };
    },
    async register() {
      const deployment = ['--policies', folder, '--url', server.url, '--ca', certificate, '--token', token];
      const trustedRoot = options.trustedRoot === undefined ? [] : ['--trusted-root', options.trustedRoot];
      const words = [...deployment, ...trustedRoot, '--break-glass', emergency, '--output', 'json'];
      const { output } = await manifestsFrom(words);
      const { items }: { items: WebhookConfiguration[] } = JSON.parse(output);
      const wanted = items.filter(({ kind }) => options.kinds?.includes(kind) ?? true);
      for (const each of wanted) {
        const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], confined(each, [namespace, emergency]));
        if (code !== 0) throw new Error(stderr);
      }
      const names = wanted.flatMap(({ webhooks }) => webhooks.map(({ name }) => name));
      const audits = names.filter((name) => name.startsWith('validate-audit.')).length;
      const called = options.webhooks ?? names.length - audits;
      await probe(cluster, namespace, () => records.splice(0).length === called);
      await probe(cluster, emergency, () => records.splice(0).length === audits);
      counted.length = 0;
    },
    kubectl,
    create: (object, ...args) => kubectl(['create', '-f', '-', ...args], object),
    async stored(resource) {
      const { code, stdout, stderr } = await kubectl(['get', resource, '-o', 'json']);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    },
    audited: (verb, name) => audited(cluster, verb, namespace, name),
    unplug: () => server.close(),
    onClose: (end) => void endings.push(end),
    async close() {
      await Promise.all(endings.map((end) => end()));
      await rm(dir, { recursive: true, force: true });
    },
  };
  if (options.later !== true) await scene.register();
  return scene;
}

/** As `countersign manifests` made it, under a scene's own name and for its namespaces alone. */
function confined(configuration: WebhookConfiguration, namespaces: readonly string[]) {
  const here = { key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces };
  return {
    ...configuration,
    metadata: { ...configuration.metadata, name: namespaces[0] },
    webhooks: configuration.webhooks.map((webhook) => ({
      ...webhook,
      namespaceSelector: { matchExpressions: [...webhook.namespaceSelector.matchExpressions, here] },
    })),
  };
}

/**
 * The API server learns of a configuration a moment after it has stored it. Asks it what would become of a Pod that no rule
 * covers, until `seen` is true after a question that was answered.
 */
export async function probe(cluster: Cluster, namespace: string, seen: () => boolean): Promise<void> {
  const pod = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'probe', image: uncovered }] } };
  const end = Date.now() + settleTimeout;
  for (;;) {
    const { status, body } = await cluster.api('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
    if (seen()) return;
    if (Date.now() > end) throw new Error(`the webhooks are not called: ${status} ${JSON.stringify(body)}`);
    await delay(50);
  }
}

async function audited(cluster: Cluster, verb: string, namespace: string, name: string): Promise<AuditEvent> {
  const end = Date.now() + settleTimeout;
  for (;;) {
    const found = (await cluster.audit()).findLast(
      ({ verb: seen, objectRef }) => seen === verb && objectRef?.namespace === namespace && objectRef.name === name,
    );
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`no audit event for ${verb} ${namespace}/${name}`);
    await delay(50);
  }
}

/** For a file of tests: one cluster for all of it, and scenes that are closed after its last test. */
export function oneCluster(): { (): Cluster; open(options: SceneOptions): Promise<Scene> } {
  let dir: string;
  let cluster: Cluster;
  const opened: Scene[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-cluster-'));
    cluster = await startCluster(dir);
  });
  afterAll(async () => {
    await cluster?.stop();
    await Promise.all(opened.map((scene) => scene.close()));
    await rm(dir, { recursive: true, force: true });
  });
  const open = async (options: SceneOptions) => {
    const scene = await openScene(cluster, options);
    opened.push(scene);
    return scene;
  };
  return Object.assign(() => cluster, { open });
}
