import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../local/registry/server.ts';
import { sendReview } from '../local/review-client.ts';
import { signedByPolicy } from '../local/sample-policy.ts';
import { storeDestination } from '../local/signer/destination.ts';
import { makeImage, newKey, sign } from '../local/signer/signer.ts';
import { selfSigned } from '../local/tls.ts';
import { answersPerSecond } from './load.ts';
import { spread } from './spread.ts';

const root = join(import.meta.dirname, '..');
const rounds = 7;
const milliseconds = 1500;

/**
 * The served webhook, warm, beside a bare handler that parses the same review and gives the same answer: both take turns in
 * one run, and the ratio of each pair is what counts.
 */
export async function warm(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  await using registry = await startRegistry();
  const destination = storeDestination(registry);
  const key = newKey();
  for (const name of ['signed', 'attested']) {
    const digest = await makeImage(destination, `demo/${name}`, '1');
    await sign(destination, { repository: `demo/${name}`, digest, key });
  }
  const { certPem, keyPem } = await selfSigned({});
  const cert = join(folder, 'cert.pem');
  const tlsKey = join(folder, 'key.pem');
  await writeFile(cert, certPem);
  await writeFile(tlsKey, keyPem);
  const policies = join(folder, 'policies');
  await mkdir(policies);
  await writeFile(join(policies, 'policy.yaml'), signedByPolicy(`${registry.host}/demo/*`, key.publicKeyPem));

  using serve = await start(
    [
      'bin/countersign',
      'serve',
      '--policies',
      policies,
      '--addr',
      '127.0.0.1:0',
      '--tls-cert',
      cert,
      '--tls-key',
      tlsKey,
    ],
    /https:\/\/127\.0\.0\.1:(\d+)\/mutate/,
    'ignore',
  );
  console.log(`warm: ${rounds} pairs of ${milliseconds} ms, serve beside a bare handler, ratio serve / bare`);
  for (const sample of ['review-pod-small', 'review-pod-10kb-six-containers']) {
    const text = await readFile(join(root, 'events', `${sample}.json`), 'utf8');
    const body = JSON.stringify(JSON.parse(text.replaceAll('localhost:5000', registry.host)));
    const answer = await answerTo(serve.port, body, certPem);
    const answerFile = join(folder, `${sample}.json`);
    await writeFile(answerFile, answer);
    using bare = await start(['bench/bare.ts', cert, tlsKey, answerFile], /port (\d+)/);
    const load = { path: '/mutate?timeout=10s', body, connections: 8, depth: 8, milliseconds };
    const pairs: { serve: number; bare: number }[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const pair = {
        serve: await answersPerSecond({ ...load, port: serve.port }),
        bare: await answersPerSecond({ ...load, port: bare.port }),
      };
      if (round > 0) pairs.push(pair);
    }
    const [low, middle, high] = spread(pairs.map((pair) => pair.serve / pair.bare));
    const [, serves] = spread(pairs.map((pair) => pair.serve));
    const [, bares] = spread(pairs.map((pair) => pair.bare));
    console.log(
      `${sample} (${(body.length / 1024).toFixed(1)} KB): ratio ${middle.toFixed(2)} ` +
        `(${low.toFixed(2)} to ${high.toFixed(2)}); serve ${Math.round(serves)}/s, bare ${Math.round(bares)}/s`,
    );
  }
  await rm(folder, { recursive: true });
}

interface Running extends Disposable {
  readonly port: number;
}

/** Starts a server in a process of its own and waits for the line that names its port. */
function start(words: readonly string[], port: RegExp, stdout: 'pipe' | 'ignore' = 'pipe'): Promise<Running> {
  const child = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', stdout, 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      if (said.length > 10_000) return;
      said += chunk.toString('utf8');
      const found = port.exec(said)?.[1];
      if (found !== undefined) resolve({ port: Number(found), [Symbol.dispose]: () => child.kill() });
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`${words[0]} ended with ${code}: ${said}`)));
  });
}

/** The webhook's answer to a review, which must admit it and pin every image. */
async function answerTo(port: number, body: string, ca: string): Promise<string> {
  const text = await sendReview(`https://localhost:${port}/mutate?timeout=10s`, body, ca);
  const { patch } = (JSON.parse(text) as { response: { patch?: string } }).response;
  if (patch === undefined) throw new Error(`not admitted and pinned: ${text}`);
  return text;
}
