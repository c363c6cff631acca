import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

// docs/settings.md beside the parameters that serverless.yml has.

const root = join(import.meta.dirname, '../..');

test('each parameter of a deployment has its row, with its default', async () => {
  // CloudFormation's tags, which the parser does not know, stand elsewhere in it.
  const { params } = parse(await readFile(join(root, 'serverless.yml'), 'utf8'), { logLevel: 'silent' });
  const page = await readFile(join(root, 'docs', 'settings.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| (?:`([^`]*)` )?\|/gm)].map(([, name, value = '']) => [name, value]);
  const parameters = Object.entries(params.default).map(([name, value]) => [name, String(value)]);
  expect(rows.sort()).toEqual(parameters.sort());
});
