import { createServer, type LookupFunction, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, pod, policy, review, type World } from '../e2e/harness.ts';

// Hosts that only a wildcard covers, which an author runs: what they bring about stays with those who name them.

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Give = Parameters<LookupFunction>[2];

const loopback = (all: boolean | undefined, give: Give) =>
  all ? give(null, [{ address: '127.0.0.1', family: 4 }]) : give(null, '127.0.0.1', 4);

/** Resolves two names at a time, as the system does: those of `slow.example` not before they are let go, all others to loopback. */
function system() {
  const line: (() => void)[] = [];
  const stuck: (() => void)[] = [];
  const asked: string[] = [];
  let underWay = 0;
  const goOn = () => {
    while (underWay < 2 && line.length > 0) {
      underWay++;
      line.shift()?.();
    }
  };
  const lookup: LookupFunction = (name, { all }, give) => {
    line.push(() => {
      asked.push(name);
      const answer = () => {
        underWay--;
        loopback(all, give);
        goOn();
      };
      if (name.endsWith('slow.example')) stuck.push(answer);
      else setImmediate(answer);
    });
    goOn();
  };
  const letGo = () => {
    for (const answer of stuck.splice(0)) answer();
  };
  return { lookup, asked, letGo };
}

interface Scene {
  readonly world: World;
  readonly named: string;
  readonly signed: Digest;
  readonly unsigned: Digest;
}

/** A registry that the policy names as `registry.example`, beside a wildcard. */
async function scene(lookup: LookupFunction, failurePolicy: 'Fail' | 'Ignore'): Promise<Scene> {
  const door = {
    addresses: 'any',
    lookup,
    allowHttp: ['registry', 'registry.corp', 'cdn', 'evil'].map((name) => `${name}.example`),
  } as const;
  const world = await openWorld({ core: { door, registries: [] } });
  closing.push(world.close);
  const { destination, team: key, registry } = world;
  const signed = await makeImage(destination, 'team/signed', '1');
  await sign(destination, { repository: 'team/signed', digest: signed, key, format: 'sig' });
  const unsigned = await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
  const named = `registry.example:${registry.port}`;
  world.policies(policy({ images: [`${named}/team/*`, '*'], keys: [key], failurePolicy }));
  return { world, named, signed, unsigned };
}

describe.each(['Fail', 'Ignore'] as const)('beside hosts of an author’s own, failurePolicy %s', (failurePolicy) => {
  test('whose names never resolve, a registry that is named is resolved at once', async () => {
    const { lookup, asked, letGo } = system();
    const { world, named, signed, unsigned } = await scene(lookup, failurePolicy);
    const send = (...images: string[]) => world.send('/mutate', review(pod(images)), { timeout: '3s' });
    closing.push(letGo);
    const slow = send(...Array.from({ length: 60 }, (_, index) => `h${index}.slow.example/a:1`));
    while (asked.length === 0) await nextTurn();
    expect(await send(`${named}/team/signed@${signed}`)).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(`${named}/team/unsigned@${unsigned}`)).toMatchObject({ allowed: false, code: 403 });
    expect(await slow).toMatchObject({ allowed: false, code: 403 });
  });

  test.each([
    ['header', 'HTTP/1.1 200 OK\r\n'],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n'],
  ])('that send 40,000 lines of %s at once, all others have their turns', async (_, head) => {
    const { world, named, signed } = await scene((_name, { all }, give) => loopback(all, give), failurePolicy);
    const [hosts, flood] = [20, Buffer.from(head + 'a:\r\n'.repeat(40_000))];
    const waiting: Socket[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', ([first]) => {
        // A hello of TLS is answered in plain text.
        if (first === 0x16) return void socket.end('HTTP/1.1 400 no\r\n\r\n');
        waiting.push(socket);
        if (waiting.length === hosts) for (const one of waiting) one.write(flood);
      });
    });
    closing.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const images = Array.from({ length: hosts }, (_, index) => `h${index}.localhost:${port}/a:1`);
    let ended = false;
    const hostile = world.send('/mutate', review(pod(images))).finally(() => {
      ended = true;
    });
    while (waiting.length < hosts) await nextTurn();
    let longest = 0;
    for (let before = process.threadCpuUsage(); !ended; before = process.threadCpuUsage()) {
      await nextTurn();
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
    // Milliseconds of this thread. What one host sends would take 100 and more, were it parsed in one piece.
    expect(longest).toBeLessThan(100);
    expect(await hostile).toMatchObject({ allowed: false, code: 403 });
    expect(await world.send('/mutate', review(pod([`${named}/team/signed@${signed}`])))).toMatchObject({
      allowed: true,
      warnings: [],
    });
  });
});

describe.each(['Fail', 'Ignore'] as const)(
  'a registry that a rule names under failurePolicy %s, beside a rule with a wildcard',
  (failurePolicy) => {
    /** The rule with the wildcard is of the other scope. The registry redirects to `cdn.example` for the blobs of some images. */
    async function two(redirects: (name: string) => boolean, limits: (path: string) => boolean) {
      const { world, named, signed, unsigned } = await scene(
        (_name, { all }, give) => loopback(all, give),
        failurePolicy,
      );
      const { destination, team: key, stranger, registry } = world;
      const foreign = await makeImage(destination, 'team/foreign', '1', { label: 'foreign' });
      await sign(destination, { repository: 'team/foreign', digest: foreign, key: stranger, format: 'sig' });
      const hot = await makeImage(destination, 'team/hot', '1', { label: 'hot' });
      await sign(destination, { repository: 'team/hot', digest: hot, key, format: 'sig' });
      const scopes = failurePolicy === 'Fail' ? { named: 'fail', wild: 'ignore' } : { named: 'ignore', wild: 'fail' };
      world.policies(
        policy({ name: 'named', images: `${named}/team/*`, keys: [key], failurePolicy }),
        policy({ name: 'wild', images: '*', keys: [key], failurePolicy: failurePolicy === 'Fail' ? 'Ignore' : 'Fail' }),
      );
      registry.settings.intercept = ({ kind, name = '', path, headers: { host = '' } }) => {
        const to = (path: string) => ({ kind: 'redirect', to: `http://cdn.example:${registry.port}${path}` }) as const;
        if (host.startsWith('evil.example')) return to('/limited');
        if (!host.startsWith('cdn.example')) return kind === 'blob' && redirects(name) ? to(path) : undefined;
        return limits(path) ? { kind: 'status', status: 429, headers: { 'retry-after': '40' } } : undefined;
      };
      const send = (scope: keyof typeof scopes, image: string) =>
        world.send(`/default/mutate/${scopes[scope]}`, review(pod([image])));
      const evil = `evil.example:${registry.port}/a:1`;
      const of = (name: string, digest: Digest) => `${named}/team/${name}@${digest}`;
      const images = { hot: of('hot', hot), signed: of('signed', signed), unsigned: of('unsigned', unsigned) };
      return { registry, send, evil, foreign: of('foreign', foreign), ...images };
    }

    const admitted = { allowed: true, warnings: [] };
    const denied = { allowed: false, code: 403 };

    test('is not put down for the one by what a host that it redirects to tells the other', async () => {
      const { send, hot, signed, unsigned } = await two(
        (name) => name === 'team/hot',
        () => true,
      );
      const limited = await send('wild', hot);
      expect(`${limited.message}${limited.warnings}`).toContain('answered 429');
      expect(await send('named', signed)).toMatchObject(admitted);
      expect(await send('named', unsigned)).toMatchObject(denied);
    });

    test('is answered for under the one where the other asks at the same time, whatever the author of another image was told', async () => {
      const { registry, send, evil, signed, foreign } = await two(
        () => true,
        (path) => path === '/limited',
      );
      expect(await send('wild', evil)).toMatchObject(denied);
      for (const [image, answer] of [
        [foreign, denied],
        [signed, admitted],
      ] as const) {
        registry.requests.length = 0;
        for (const answered of await Promise.all([send('wild', image), send('named', image)])) {
          expect(answered).toMatchObject(answer);
        }
        // The registry is named for both, so that they share what they read.
        const asked = registry.requests.map(({ path, headers }) => `${headers.host}${path}`);
        expect(asked).toHaveLength(new Set(asked).size);
      }
    });
  },
);

test('a host that fits a pattern by way of its path alone is not called', async () => {
  const { world, signed } = await scene((_name, { all }, give) => loopback(all, give), 'Ignore');
  const { registry, team: key } = world;
  const images = [`*.corp.example:${registry.port}/team/*`, '*.corp.example/team/*'];
  world.policies(policy({ images, keys: [key], failurePolicy: 'Ignore' }));
  const ask = (host: string, path: string) => world.send('/mutate', review(pod([`${host}:${registry.port}/${path}`])));
  const refused = await ask('evil.example', `x.corp.example/team/signed@${signed}`);
  expect(refused).toMatchObject({ allowed: false, code: 403, message: expect.stringContaining('(host-refused)') });
  expect(registry.count()).toBe(0);
  expect(await ask('registry.corp.example', `team/signed@${signed}`)).toMatchObject({ allowed: true, warnings: [] });
});
