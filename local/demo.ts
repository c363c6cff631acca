import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../shared/net/failure.ts';
import { createLocalCore } from './core.ts';
import { demoPorts, demoUsage, portProblem } from './demo-ports.ts';
import { readPolicyFolder } from './policies.ts';
import { startRegistry } from './registry/server.ts';
import { sendReview } from './review-client.ts';
import { signedByPolicy } from './sample-policy.ts';
import { storeDestination } from './signer/destination.ts';
import { attest, makeImage, newKey, sign } from './signer/signer.ts';
import { tolerateClosedOutput } from './standard-output.ts';
import { stopSignal } from './stop-signal.ts';
import { type Row, tableOf } from './table.ts';
import { selfSigned } from './tls.ts';
import { startWebhooks } from './webhooks.ts';

const root = join(import.meta.dirname, '..');
const host = '127.0.0.1';

/** `npm start`: a registry with four images, the webhooks over HTTPS, a review for each image, and the verdicts. */
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

  const destination = storeDestination(registry);
  const team = newKey();
  const stranger = newKey();
  const signed = await makeImage(destination, 'demo/signed', '1');
  await sign(destination, { repository: 'demo/signed', digest: signed, key: team });
  await makeImage(destination, 'demo/unsigned', '1');
  const foreign = await makeImage(destination, 'demo/foreign', '1');
  await sign(destination, { repository: 'demo/foreign', digest: foreign, key: stranger });
  const attested = await makeImage(destination, 'demo/attested', '1');
  const predicate = { buildDefinition: { buildType: 'demo' } };
  const predicateType = 'https://slsa.dev/provenance/v1';
  await attest(destination, { repository: 'demo/attested', digest: attested, key: team, predicateType, predicate });
  say('images    demo/signed (by the team), demo/unsigned, demo/foreign (signed by someone else),');
  say('          demo/attested (an attestation by the team, no signature)');

  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/policy.yaml`, signedByPolicy(`${images}/demo/*`, team.publicKeyPem));
  await writeFile(`${folder}/pod.yaml`, podText(images));
  const core = createLocalCore();
  const tls = await selfSigned({});
  const server = await startWebhooks({
    core,
    policies: await readPolicyFolder(folder, { only: ['policy.yaml'] }),
    address: { host, port: ports.webhooks },
    tls,
    log: () => undefined,
  });
  say(`webhooks  ${server.url}/mutate and ${server.url}/validate\n`);

  const rows: Row[] = [];
  const denials: string[] = [];
  for (const image of ['signed', 'unsigned', 'foreign', 'attested']) {
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

/**
 * Where the policy, the Pod and the reviews lie while the demo runs, below the current folder: one for each registry port, since they
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
