import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../../../shared/answer/report.ts';
import { countersign } from '../countersign.ts';
import { documents, kyvernoApply } from '../kyverno/apply.ts';
import { run } from '../tools.ts';
import type { Case } from './case.ts';
import { kyvernosOutcomes, type Outcomes, ownOutcomes } from './outcome.ts';

/** Who asks, in every case. */
const userInfo = {
  apiVersion: 'cli.kyverno.io/v1alpha1',
  kind: 'UserInfo',
  userInfo: { username: 'system:serviceaccount:ci:builder', groups: ['system:authenticated', 'builders'] },
};

/** What both say of the same cases: their policies and resources all at once, since a start takes longer than many answers. */
export async function askBoth(cases: readonly Case[]): Promise<{ kyvernos: Outcomes; ours: Outcomes }> {
  const policies = documents(cases.map(({ policy }) => policy));
  const resources = cases.flatMap((each) => each.resources);
  const exceptions = cases.flatMap((each) => each.exceptions ?? []);
  const values = valuesOf(cases);
  const kyvernos = await kyvernoApply(policies, resources, { values, userInfo, exceptions });
  const ours = await apply(policies, resources, exceptions, values);
  return { kyvernos: kyvernosOutcomes(kyvernos), ours: ownOutcomes(ours.results) };
}

function valuesOf(cases: readonly Case[]): object {
  const selectors = cases.flatMap(({ namespaces = {} }) =>
    Object.entries(namespaces).map(([name, labels]) => ({ name, labels })),
  );
  const policies = cases.flatMap(({ name, values }) =>
    values === undefined ? [] : [{ name, rules: [{ name: 'signed', values }] }],
  );
  return {
    ...(selectors.length === 0 ? {} : { namespaceSelector: selectors }),
    ...(policies.length === 0 ? {} : { policies }),
  };
}

/** `countersign apply -o json`, run as a program. */
async function apply(
  policies: string,
  resources: readonly object[],
  exceptions: readonly object[],
  values: object,
): Promise<Report> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-differential-'));
  try {
    const write = async (name: string, text: string) => {
      await writeFile(join(dir, name), text);
      return join(dir, name);
    };
    const header = { apiVersion: 'cli.kyverno.io/v1alpha1', kind: 'Values' };
    const { code, stdout, stderr } = await run(
      countersign,
      [
        'apply',
        await write('policies.yaml', policies),
        ...['--resource', await write('resources.yaml', documents(resources))],
        ...(exceptions.length === 0 ? [] : ['--exception', await write('exceptions.yaml', documents(exceptions))]),
        ...['--values-file', await write('values.yaml', JSON.stringify({ ...header, ...values }))],
        ...['--userinfo', await write('user.yaml', JSON.stringify(userInfo))],
        ...['-o', 'json'],
      ],
      { timeout: 120_000 },
    );
    if (!stdout.startsWith('{"verdict"') && !stdout.startsWith('{\n  "verdict"')) {
      throw new Error(`countersign apply: exit status ${code}\n${stdout}${stderr}`);
    }
    return JSON.parse(stdout);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
