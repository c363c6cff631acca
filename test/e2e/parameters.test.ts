import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isClusterName } from '../../shared/admission/path.ts';

const parameters = join(import.meta.dirname, '../../infra/parameters.cjs');

/** What packaging says of each list of clusters: its routes, or why it stops. In a process of its own, as osls loads the file. */
async function packaged(lists: readonly string[]): Promise<readonly string[]> {
  const program = `
    const read = require(${JSON.stringify(parameters)});
    const given = { endpoint: 'http', reservedConcurrency: 0, provisionedConcurrency: 0, maxImages: 64 };
    Object.assign(given, { throttleRate: 1, throttleBurst: 1, logRetentionInDays: 1 });
    const answer = (clusters) => {
      const resolveVariable = async (name) => ({ ...given, clusters })[name.slice('param:'.length)];
      const said = ({ events }) => events.map(({ httpApi }) => httpApi).join();
      return read({ resolveVariable }).then(said, ({ message }) => message);
    };
    Promise.all(${JSON.stringify(lists)}.map(answer)).then((answers) => console.log(JSON.stringify(answers)));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('the names of clusters that are packaged are those that a webhook’s path can name', async () => {
  const names = ['prod', 'a', 'A_b-9', '0', 'p'.repeat(100), 'p'.repeat(101), '-prod', '_prod', 'pr.od', 'a/b', 'pröd'];
  const route = (name: string) => `POST /${name}/{verb}/{scope}/{token}`;
  const refused = (name: string) => `the parameter clusters: '${name}' is no cluster's name`;
  expect(await packaged(names)).toEqual(names.map((name) => (isClusterName(name) ? route(name) : refused(name))));
  expect(names.filter(isClusterName)).toHaveLength(5);
});
