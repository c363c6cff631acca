import { on } from '../../local/registry/faults.ts';
import { startRegistry } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { parseDockerConfig } from '../../shared/registry/credentials.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

describe('credentials', () => {
  const user = 'robot';
  const password = 'pa:ss-word';
  const config = (at: string) =>
    parseDockerConfig(
      JSON.stringify({ auths: { [at]: { auth: Buffer.from(`${user}:${password}`).toString('base64') } } }),
    );

  async function withTwoRegistries(
    work: (worlds: { world: World; image: string; second: Awaited<ReturnType<typeof startRegistry>> }) => Promise<void>,
  ) {
    const second = await startRegistry();
    let credentials = config('nobody.example');
    const own = await openWorld({
      registry: { auth: { scheme: 'basic', user, password } },
      core: {
        credentials: { ...credentials, find: (repository) => credentials.find(repository) },
      },
    });
    credentials = config(own.registry.host);
    try {
      const digest = await makeImage(own.destination, 'faults/private', '1');
      const { layer } = await sign(own.destination, {
        repository: 'faults/private',
        digest,
        key: own.team,
        format: 'sig',
      });
      const blob = own.registry.store.blob('faults/private', layer);
      second.store.putBlob('faults/private', blob ?? Buffer.alloc(0));
      own.registry.settings.intercept = on({ kind: 'blob' }, (request) => ({
        kind: 'redirect',
        to: `${second.url}${request.path}`,
      }));
      own.policies(policy({ images: '*/faults/*', keys: [own.team] }));
      await work({ world: own, image: `${own.registry.host}/faults/private:1`, second });
    } finally {
      await own.close();
      await second.close();
    }
  }

  test('a redirect to another host is followed without them', async () => {
    await withTwoRegistries(async ({ world: own, image, second }) => {
      expect(await own.send('/mutate', review(pod([image])))).toMatchObject({ allowed: true });
      expect(own.registry.requests.some(({ authorization }) => authorization === 'Basic')).toBe(true);
      expect(second.requests.map(({ kind, authorization }) => [kind, authorization])).toEqual([['blob', undefined]]);
    });
  });

  test('nor are they sent when that host asks for them', async () => {
    await withTwoRegistries(async ({ world: own, image, second }) => {
      second.settings.auth = { scheme: 'basic', user, password };
      const answer = await own.send('/mutate', review(pod([image])));
      expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('registry-unauthorized') });
      expect(second.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
      expect(answer.body).not.toContain(password);
    });
  });
});
