import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../shared/net/failure.ts';
import { createLocalCore } from './core.ts';
import { demoPorts, demoUsage, portProblem } from './demo-ports.ts';
import { readPolicyFolder } from './policies.ts';
import { startRegistry } from './registry/server.ts';
import { sendReview } from './review-client.ts';
import { scannedByPolicy, signedByPolicy } from './sample-policy.ts';
import { type Destination, storeDestination } from './signer/destination.ts';
import { attest, makeImage, newKey, type SigningKey, sign } from './signer/signer.ts';
import { tolerateClosedOutput } from './standard-output.ts';
import { stopSignal } from './stop-signal.ts';
import { type Row, tableOf } from './table.ts';
import { selfSigned } from './tls.ts';
import { startWebhooks } from './webhooks.ts';

const root = join(import.meta.dirname, '..');
const host = '127.0.0.1';

/** The images, in the order in which they are asked about. */
const names = ['signed', 'unsigned', 'foreign', 'attested', 'scanned', 'vulnerable'] as const;

/** `npm start`: a registry with images, the webhooks over HTTPS, a review for each image, and the verdicts. */
async function demo(): Promise<void> {
  const ports = demoPorts(process.argv.slice(2));
  if (ports === 'help') return say(`usage: ${demoUsage}`);
  if ('problem' in ports) return refuse(`${ports.problem}\nusage: ${demoUsage}`);
  const problem = await portProblem(ports, host);
  if (problem !== undefined) return refuse(problem);
  await using registry = await startRegistry({ port: ports.registry });
  const images = `localhost:${registry.port}`;
  const folder = folderOf(registry.port);
  say(`registry  http://${images} (in this process, gone when it ends)`);

  const team = newKey();
  await makeImages(storeDestination(registry), team);
  say('images    demo/signed (by the team), demo/unsigned, demo/foreign (signed by someone else),');
  say('          demo/attested (an attestation by the team, no signature); signed by the team and with its scan:');
  say('          demo/scanned (nothing critical was found), demo/vulnerable (2 were)');

  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/policy.yaml`, signedByPolicy(`${images}/demo/*`, team.publicKeyPem));
  const scanned = [`${images}/demo/scanned`, `${images}/demo/vulnerable`];
  await writeFile(`${folder}/scans.yaml`, scannedByPolicy(scanned, team.publicKeyPem));
  await writeFile(`${folder}/pod.yaml`, podText(images));
  const core = createLocalCore();
  const tls = await selfSigned({});
  const server = await startWebhooks({
    core,
    policies: await readPolicyFolder(folder, { only: ['policy.yaml', 'scans.yaml'] }),
    address: { host, port: ports.webhooks },
    tls,
    log: () => undefined,
  });
  say(`webhooks  ${server.url}/mutate and ${server.url}/validate\n`);

  const rows: Row[] = [];
  const denials: string[] = [];
  for (const image of names) {
    const review = await reviewOf(image, images);
    await writeFile(`${folder}/review-${image}.json`, review);
    const { response } = JSON.parse(
      await sendReview(`${server.url}/mutate?timeout=10s`, review, tls.certPem),
    ) as AnsweredReview;
    rows.push(rowOf(`demo/${image}:1`, response));
    if (response.status !== undefined) denials.push(response.status.message);
  }
  say(tableOf(rows));
  for (const denial of denials) say(`\n${denial}`);

  say('\nStill serving. Try next, in another terminal:');
  say(
    `  bin/countersign verify --policy ${folder}/policy.yaml --image ${images}/demo/signed:1 ${images}/demo/foreign:1`,
  );
  say(
    `  bin/countersign verify --policy ${folder}/scans.yaml --image ${images}/demo/scanned:1 ${images}/demo/vulnerable:1`,
  );
  say(`  bin/countersign apply ${folder}/policy.yaml --resource ${folder}/pod.yaml`);
  say(`  curl -sk ${server.url}/mutate -d @${folder}/review-unsigned.json`);
  const stopped = stopSignal();
  say('Ctrl-C stops.');

  await stopped;
  await server.close();
  await core.close();
  await rm(folder, { recursive: true, force: true });
  say('\nstopped');
}

async function makeImages(destination: Destination, team: SigningKey): Promise<void> {
  for (const name of names) {
    const repository = `demo/${name}`;
    const digest = await makeImage(destination, repository, '1');
    const by = { repository, digest, key: name === 'foreign' ? newKey() : team };
    if (name !== 'unsigned' && name !== 'attested') await sign(destination, by);
    if (name === 'attested') await attest(destination, { ...by, ...provenance });
    if (name === 'scanned') await attest(destination, { ...by, ...scanOf(['LOW']) });
    if (name === 'vulnerable') await attest(destination, { ...by, ...scanOf(['CRITICAL', 'HIGH', 'CRITICAL']) });
  }
}

const provenance = {
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: { buildDefinition: { buildType: 'demo' } },
};

/** A scan that has just ended, as Trivy reports it for `cosign attest --type vuln`. */
function scanOf(severities: readonly string[]) {
  const now = new Date().toISOString();
  const found = severities.map((severity, index) => ({
    VulnerabilityID: `CVE-2026-${1000 + index}`,
    Severity: severity,
  }));
  const result = { SchemaVersion: 2, Results: [{ Target: 'app', Vulnerabilities: found }] };
  return {
    predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
    predicate: { scanner: { uri: 'demo', result }, metadata: { scanStartedOn: now, scanFinishedOn: now } },
  };
}

/**
 * Where the policies, the Pod and the reviews lie while the demo runs, below the current folder: one for each registry port, since they
 * name it and two demos may run.
 */
function folderOf(registryPort: number): string {
  return registryPort === 5080 ? 'demo' : `demo-${registryPort}`;
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 2;
}

/** The sample review of a Pod, with this registry's image in it. */
async function reviewOf(image: string, registry: string): Promise<string> {
  const sample = await readFile(join(root, 'events', 'review-pod-create.json'), 'utf8');
  return sample.replaceAll('localhost:5000/demo/signed:1', `${registry}/demo/${image}:1`);
}

interface AnsweredReview {
  readonly response: {
    readonly allowed: boolean;
    readonly patch?: string;
    readonly status?: { readonly code: number; readonly message: string };
  };
}

function rowOf(image: string, { allowed, patch, status }: AnsweredReview['response']): Row {
  if (!allowed) {
    const reason = /\(([a-z-]+)\)/.exec(status?.message ?? '')?.[1] ?? '';
    return { image, verdict: `denied ${status?.code}`, detail: reason };
  }
  const edits = JSON.parse(Buffer.from(patch ?? 'W10=', 'base64').toString('utf8')) as {
    path: string;
    value: string;
  }[];
  const pinned = edits.find(({ path }) => path.endsWith('/image'))?.value ?? '';
  return {
    image,
    verdict: 'allowed',
    detail: pinned === '' ? '' : `pinned to ${pinned.slice(pinned.indexOf('@') + 1)}`,
  };
}

function podText(registry: string): string {
  const containers = ['signed', 'unsigned'].map(
    (name) => `    - name: ${name}\n      image: ${registry}/demo/${name}:1\n`,
  );
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: two\nspec:\n  containers:\n${containers.join('')}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

tolerateClosedOutput();
await demo().catch((thrown: unknown) => {
  if (codeOf(thrown) !== 'EADDRINUSE') throw thrown;
  refuse('a port that was free was taken by another program meanwhile: start again');
});
