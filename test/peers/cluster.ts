import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { selfSigned } from '../../local/tls.ts';
import { freePorts, startProgram, untilReady } from './programs.ts';
import { type RunResult, run, tool } from './tools.ts';

/** A real API server with its etcd, on loopback. Nothing runs what it stores: no controllers, no scheduler, no kubelet. */
export interface Cluster {
  readonly url: string;
  /** Path of a kubeconfig of its cluster-admin. */
  readonly kubeconfig: string;
  /** Runs kubectl as cluster-admin, without anything of the user's. `input` is its stdin; what is no text is sent as JSON. */
  kubectl(args: readonly string[], input?: unknown): Promise<RunResult>;
  /** One request to the API as cluster-admin. `body` is sent as it is where it is text, else as JSON. */
  api(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** The audit log so far: creations and changes, at level Metadata. An event may come shortly after its answer. */
  audit(): Promise<AuditEvent[]>;
  stop(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes' objects, of which a test reads what it expects
  readonly body: any;
  /** Of the Warning headers. */
  readonly warnings: readonly string[];
}

export interface AuditEvent {
  readonly verb: string;
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

const startTimeout = 60_000;
const token = 'cluster-admin-of-these-tests';

/**
 * Starts etcd and kube-apiserver with their files under `dir`. RBAC is on, with one user, who is cluster-admin; the
 * ServiceAccount admission plugin is off, since no controller makes accounts; all other defaults are the server's own. `authority`
 * is a file with the certificates that stand in place of its system's roots.
 */
export async function startCluster(dir: string, { authority }: { readonly authority?: string } = {}): Promise<Cluster> {
  await mkdir(dir, { recursive: true });
  const [clients, peer, secure] = await freePorts(3);
  const file = (name: string) => join(dir, name);
  const { certPem, keyPem } = await selfSigned();
  await writeFile(file('tls.crt'), certPem);
  await writeFile(file('tls.key'), keyPem, { mode: 0o600 });
  await writeFile(file('tokens.csv'), `${token},admin,1,system:masters\n`, { mode: 0o600 });
  await writeFile(file('audit.log'), '');
  await writeFile(file('audit.yaml'), auditPolicy);
  const url = `https://127.0.0.1:${secure}`;
  await writeFile(file('kubeconfig'), kubeconfig(url, file('tls.crt')), { mode: 0o600 });

  const etcd = await startProgram('etcd', file('etcd.log'), [
    `--data-dir=${file('etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${clients}`,
    `--advertise-client-urls=http://127.0.0.1:${clients}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ]);
  const words = [
    `--etcd-servers=http://127.0.0.1:${clients}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${secure}`,
    `--tls-cert-file=${file('tls.crt')}`,
    `--tls-private-key-file=${file('tls.key')}`,
    // Nobody asks for a service account's token here, but the server does not start without a key for them.
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('tls.crt')}`,
    `--service-account-signing-key-file=${file('tls.key')}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--endpoint-reconciler-type=none',
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    `--audit-policy-file=${file('audit.yaml')}`,
    `--audit-log-path=${file('audit.log')}`,
  ];
  const roots = authority === undefined ? {} : { SSL_CERT_FILE: authority };
  const server = await startProgram('kube-apiserver', file('kube-apiserver.log'), words, roots);
  const stop = async () => {
    await server.stop();
    await etcd.stop();
  };
  const api: Cluster['api'] = (method, path, body, contentType = 'application/json') =>
    send(method, url + path, certPem, body, contentType);
  try {
    await untilReady([etcd, server], startTimeout, async () => {
      const { status, body } = await api('GET', '/readyz');
      return status === 200 || body;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const kubectl = await tool('kubectl');
  return {
    url,
    kubeconfig: file('kubeconfig'),
    kubectl: (args, input = '') =>
      run(kubectl, [`--kubeconfig=${file('kubeconfig')}`, `--cache-dir=${file('cache')}`, ...args], {
        input: typeof input === 'string' ? input : JSON.stringify(input),
      }),
    api,
    async audit() {
      const lines = (await readFile(file('audit.log'), 'utf8')).split('\n');
      // What follows the last line break is still being written.
      return lines.slice(0, -1).map((line) => JSON.parse(line));
    },
    stop,
  };
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    verbs: [create, update, patch]
    resources: [{group: ""}, {group: apps}, {group: batch}]
  - level: None
`;

function kubeconfig(server: string, authority: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
}

function send(method: string, url: string, ca: string, body: unknown, contentType: string): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
    const signal = AbortSignal.timeout(40_000);
    const call = request(url, { method, ca, headers, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => {
        const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
        resolve({
          status: response.statusCode ?? 0,
          body: isJson ? JSON.parse(text) : text,
          warnings: warningsOf(response.rawHeaders),
        });
      });
    });
    call.once('error', reject);
    call.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** RFC 7234 §5.5: `299 - "text"`, with backslashes before quotes. */
function warningsOf(rawHeaders: readonly string[]): string[] {
  const values = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'warning');
  return values.map((value) => value.replace(/^299 - "(.*)"$/, '$1').replace(/\\(.)/g, '$1'));
}
