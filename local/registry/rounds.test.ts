import { request } from 'undici';
import { createRounds, type LocalRegistry, startRegistry } from './server.ts';

async function get(registry: LocalRegistry, path: string): Promise<number> {
  const { statusCode, body } = await request(`${registry.url}${path}`);
  await body.dump();
  return statusCode;
}

test('requests side by side are one round, and one after another are a round each', async () => {
  await using registry = await startRegistry();
  const { value, rounds } = await registry.rounds.measure(async () => {
    await get(registry, '/v2/');
    await Promise.all(['a', 'b', 'c'].map((tag) => get(registry, `/v2/demo/app/manifests/${tag}`)));
    return get(registry, '/v2/demo/app/tags/list');
  });
  expect(value).toBe(404);
  expect(rounds.map((round) => round.map(({ kind }) => kind))).toEqual([
    ['ping'],
    ['manifest', 'manifest', 'manifest'],
    ['tags'],
  ]);
});

test('two chains side by side take the rounds of the longer one', async () => {
  await using registry = await startRegistry();
  const chain = async (length: number) => {
    for (let step = 0; step < length; step += 1) await get(registry, `/v2/demo/app/manifests/${length}-${step}`);
  };
  const { rounds } = await registry.rounds.measure(() => Promise.all([chain(4), chain(2)]));
  expect(rounds.map((round) => round.length)).toEqual([2, 2, 1, 1]);
});

test('registries that share a measure are counted together', async () => {
  const rounds = createRounds();
  await using one = await startRegistry({ rounds });
  await using two = await startRegistry({ rounds });
  const measured = await rounds.measure(() => Promise.all([get(one, '/v2/'), get(two, '/v2/')]));
  expect(measured.rounds.map((round) => round.map(({ host }) => host).sort())).toEqual([[one.host, two.host].sort()]);
});

test('without a measure nothing is held, a failed one ends, and two at once are refused', async () => {
  await using registry = await startRegistry();
  await expect(registry.rounds.measure(() => Promise.reject(new Error('work')))).rejects.toThrow('work');
  expect(await get(registry, '/v2/')).toBe(200);
  await registry.rounds.measure(() => expect(registry.rounds.measure(async () => 0)).rejects.toThrow('already'));
});
