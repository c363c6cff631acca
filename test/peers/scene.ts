import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createEngine } from '../../local/engine.ts';
import type { EventShape } from '../../local/event.ts';
import { readPolicyFolder } from '../../local/policies.ts';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { newKey, type SigningKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { storeTarget } from '../../local/signer/target.ts';
import { selfSigned } from '../../local/tls.ts';
import { startWebhooks } from '../../local/webhooks.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { type ApiAnswer, type AuditEvent, type Cluster, startCluster } from './cluster.ts';
import type { RunResult } from './tools.ts';
import { configurations, type Step } from './webhooks.ts';

/**
 * One team's part of the cluster: a namespace, a registry, the handler with policies of its own behind HTTPS, and webhooks that
 * see that namespace alone. So scenes do not meet, and none has to be taken down before the next one.
 */
export interface Scene {
  readonly namespace: string;
  readonly registry: LocalRegistry;
  readonly team: SigningKey;
  /** One an admission that the handler answered, since the last `settle`. */
  readonly records: AdmissionRecord[];
  /** How often the handler counted a metric with all of these labels. */
  count(name: string, labels?: Readonly<Record<string, string>>): number;
  /** An image in the scene's registry, signed by the team unless told otherwise: `HOST/name:1` and its digest. */
  image(name: string, options?: { signed?: boolean }): Promise<{ tagged: string; digest: string; pinned: string }>;
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
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly shape: EventShape;
  /** YAML, made when the registry's host and the team's key are known. */
  policies(host: string, team: SigningKey): readonly string[];
  readonly steps?: readonly Step[];
  readonly timeoutSeconds?: number;
  /** `register` is called later. */
  readonly later?: boolean;
}

const settleTimeout = 20_000;
let scenes = 0;

export async function openScene(cluster: Cluster, options: SceneOptions): Promise<Scene> {
  scenes += 1;
  const namespace = `scene-${scenes}`;
  const token = `token-of-${namespace}`;
  const dir = await mkdtemp(join(tmpdir(), 'countersign-scene-'));
  const registry = await startRegistry();
  const target = storeTarget(registry);
  const team = newKey();
  const texts = options.policies(registry.host, team);
  await mkdir(join(dir, 'policies'));
  await Promise.all(texts.map((text, at) => writeFile(join(dir, 'policies', `${at}.yaml`), text)));
  const policies = await readPolicyFolder(join(dir, 'policies'));
  const inForce = policies.clusters.get('default')?.scopes;
  const scopes = (['fail', 'ignore'] as const).filter((scope) => (inForce?.[scope].length ?? 0) > 0);

  const counted: { name: string; labels: Readonly<Record<string, string>> }[] = [];
  const metrics = {
    count: (name: string, labels: Readonly<Record<string, string>> = {}) => void counted.push({ name, labels }),
  };
  const engine = createEngine({ metrics });
  const tls = await selfSigned();
  const records: AdmissionRecord[] = [];
  const server = await startWebhooks({
    engine,
    policies,
    address: { host: '127.0.0.1', port: 0 },
    tls,
    token,
    shape: options.shape,
    log: (record) => records.push(record),
  });

  const made = await cluster.api('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  if (made.status !== 201) throw new Error(`namespace ${namespace}: ${JSON.stringify(made.body)}`);
  const kubectl: Scene['kubectl'] = (args, input) => cluster.kubectl(['-n', namespace, ...args], input);
  const count: Scene['count'] = (name, labels = {}) =>
    counted.filter(
      (event) => event.name === name && Object.entries(labels).every(([label, value]) => event.labels[label] === value),
    ).length;

  const scene: Scene = {
    namespace,
    registry,
    team,
    records,
    count,
    async image(name, { signed = true } = {}) {
      const digest = await makeImage(target, name, '1', { label: name });
      if (signed) await sign(target, { repository: name, digest, key: team });
      const tagged = `${registry.host}/${name}:1`;
      return { tagged, digest, pinned: `${tagged}@${digest}` };
    },
    async register() {
      const { steps = ['mutate', 'validate'], timeoutSeconds } = options;
      const documents = configurations({
        name: namespace,
        url: server.url,
        ca: tls.certPem,
        cluster: 'default',
        token,
        scopes,
        namespace,
        steps,
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      });
      for (const document of documents) {
        const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], document);
        if (code !== 0) throw new Error(stderr);
      }
      await called(cluster, namespace, records, steps.length * scopes.length);
      records.length = 0;
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
    async close() {
      await server.close();
      await engine.close();
      await registry.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  if (options.later !== true) await scene.register();
  return scene;
}

/** The API server learns of a configuration a moment after it has stored it: a Pod that no rule covers shows when. */
async function called(
  cluster: Cluster,
  namespace: string,
  records: readonly AdmissionRecord[],
  calls: number,
): Promise<void> {
  const probe = {
    metadata: { name: 'probe' },
    spec: { containers: [{ name: 'probe', image: 'uncovered.example.com/probe' }] },
  };
  const end = Date.now() + settleTimeout;
  for (;;) {
    const before = records.length;
    const { status, body } = await cluster.api('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, probe);
    if (status === 201 && records.length - before === calls) return;
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
