import { registerHooks } from 'node:module';
import { text } from 'node:stream/consumers';

// Not a test: a process that has a deployed function answer one review, and prints which modules were loaded for it. Before it looks, it
// may load nothing that the function might.

/** What is written to standard input, as JSON. */
export interface LoadingRequest {
  /** Policies of the function's zip, by name, with `REGISTRY` where the registry's host stands. */
  readonly policies: Readonly<Record<string, string>>;
  /** A label of the image, which tells it from others. */
  readonly label: string;
  /** A Notary signature that is attached to it, in base64. */
  readonly envelope: string;
}

/** What is printed, as JSON. */
export interface Loading {
  readonly allowed: boolean | undefined;
  readonly message: string;
  readonly modules: readonly string[];
}

const modules = new Set<string>();
registerHooks({
  load(url, context, next) {
    modules.add(url);
    return next(url, context);
  },
});

const { openDeployed, tokens } = await import('./deployed-world.ts');
const { review } = await import('./documents.ts');
const { attachReferrer, describe } = await import('../../local/signer/attach.ts');
const { makeImage } = await import('../../local/signer/images.ts');

const { policies, label, envelope } = JSON.parse(await text(process.stdin)) as LoadingRequest;
const world = await openDeployed();
world.secrets.set('tokens', JSON.stringify({ prod: [tokens.prod] }));
world.secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
const digest = await makeImage(world.destination, 'team/app', '1', { label });
const subject = await describe(world.destination, 'team/app', digest);
const layer = { mediaType: 'application/jose+json', bytes: Buffer.from(envelope, 'base64') };
const artifactType = 'application/vnd.cncf.notary.signature';
await attachReferrer(world.destination, 'team/app', subject, layer, { artifactType, config: 'empty' });
await world.policies(
  Object.fromEntries(
    Object.entries(policies).map(([name, policy]) => [name, policy.replaceAll('REGISTRY', world.registry.host)]),
  ),
);
const instance = world.start();
await instance.loadAll();
const containers = [{ name: 'c', image: `${world.registry.host}/team/app@${digest}` }];
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers } };
const { allowed, message } = await instance.send(`/prod/mutate/fail/${tokens.prod}`, review(pod));
await world.close();
process.stdout.write(JSON.stringify({ allowed, message, modules: [...modules] } satisfies Loading));
