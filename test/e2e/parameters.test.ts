import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isClusterName } from '../../shared/admission/path.ts';

const parameters = join(import.meta.dirname, '../../infra/parameters.cjs');

/** What packaging makes of each set of parameters, as `said` tells it, or why it stops. In a process of its own, as osls loads the file. */
async function packaged(sets: readonly Readonly<Record<string, string>>[], said: string): Promise<readonly unknown[]> {
  const program = `
    const read = require(${JSON.stringify(parameters)});
    const given = { endpoint: 'http', reservedConcurrency: 0, provisionedConcurrency: 0, maxImages: 64 };
    Object.assign(given, { throttleRate: 1, throttleBurst: 1, logRetentionInDays: 1 });
    const answer = (changes) => {
      const resolveVariable = async (name) => ({ ...given, ...changes })[name.slice('param:'.length)];
      return read({ resolveVariable }).then(${said}, ({ message }) => message);
    };
    Promise.all(${JSON.stringify(sets)}.map(answer)).then((answers) => console.log(JSON.stringify(answers)));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('the names of clusters that are packaged are those that a webhook’s path can name', async () => {
  const names = ['prod', 'a', 'A_b-9', '0', 'p'.repeat(100), 'p'.repeat(101), '-prod', '_prod', 'pr.od', 'a/b', 'pröd'];
  const route = (name: string) => `POST /${name}/{verb}/{scope}/{token}`;
  const refused = (name: string) => `the parameter clusters: '${name}' is no cluster's name`;
  const routes = '({ events }) => events.map(({ httpApi }) => httpApi).join()';
  expect(
    await packaged(
      names.map((clusters) => ({ clusters })),
      routes,
    ),
  ).toEqual(names.map((name) => (isClusterName(name) ? route(name) : refused(name))));
  expect(names.filter(isClusterName)).toHaveLength(5);
});

test('a cluster without rules is named among the clusters; numbers that let nobody in are refused', async () => {
  const sets = [
    { clusters: 'prod,staging', clustersWithoutRules: ' staging ' },
    { clusters: 'prod' },
    { clusters: 'prod', clustersWithoutRules: 'staging' },
    { clusters: 'prod', throttleRate: '0' },
  ];
  expect(await packaged(sets, '({ clustersWithoutRules }) => clustersWithoutRules')).toEqual([
    ['staging'],
    [],
    "the parameter clustersWithoutRules: 'staging' is none of the clusters prod",
    'the parameter throttleRate is 0: no call would be let in',
  ]);
});

test('whose trust root is in force, and whether a newer one is fetched', async () => {
  const cases: [Readonly<Record<string, string>>, unknown][] = [
    [{}, [true, '', { Ref: 'Bucket' }]],
    [{ trustRoot: 'none' }, [false, '', '']],
    [{ trustMirror: 'none' }, [false, '', '']],
    [{ trustRoot: 'trust/ours.json' }, [false, '', '']],
    [
      { trustRoot: 'trust/ours.json', trustMirror: 'https://tuf.example', trustMirrorRoot: 'trust/root.json' },
      [true, 'https://tuf.example', { Ref: 'Bucket' }],
    ],
    [{ trustRoot: '../ours.json' }, "the parameter trustRoot names a file in trust/, not '../ours.json'"],
    [
      { trustMirror: 'https://tuf.example', trustMirrorRoot: 'trust/root.json' },
      expect.stringMatching(/needs trustRoot/),
    ],
    [
      { trustRoot: 'none', trustMirror: 'https://tuf.example', trustMirrorRoot: 'trust/root.json' },
      expect.stringMatching(/needs trustRoot/),
    ],
    [
      { trustRoot: 'trust/ours.json', trustMirror: 'https://tuf.example' },
      "the parameter trustMirrorRoot names a file in trust/, not ''",
    ],
    [{ trustMirror: 'http://tuf.example' }, expect.stringMatching(/an https URL/)],
    [{ trustMirrorRoot: 'trust/root.json' }, expect.stringMatching(/needs trustMirror/)],
  ];
  const said = '({ trustRefresh, trustMirror, trustBucket }) => [trustRefresh, trustMirror, trustBucket]';
  const sets = cases.map(([set]) => ({ clusters: 'prod', ...set }));
  expect(await packaged(sets, said)).toEqual(cases.map(([, expected]) => expected));
});
