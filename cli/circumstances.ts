import { printable } from '../shared/printable.ts';
import { type Arguments, single } from './arguments.ts';
import type { Circumstances } from './values/circumstances.ts';
import { type Asker, readUserInfo } from './values/user-info.ts';
import { readValuesFile } from './values/values.ts';

/** Options of every command that says what is not in the resources, under the names that Kyverno's command line gives them. */
export const circumstanceOptions = ['values-file', 'userinfo'] as const;

/** `--values-file FILE` and `--userinfo FILE`. Throws FileError, PolicyLoadError. */
export async function circumstancesFrom(found: Arguments): Promise<Circumstances> {
  const values = single(found, 'values-file', undefined);
  const user = single(found, 'userinfo', undefined);
  return {
    values: values === undefined ? undefined : await readValuesFile(values),
    user: user === undefined ? undefined : userOf(await readUserInfo(user), user),
  };
}

function onStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Who asks. `warn` is told where roles are not asked about. */
export function userOf({ user, hasRoles }: Asker, file: string, warn = onStandardError): Asker['user'] {
  if (hasRoles) warn(printable(rolesUnasked(file)));
  return user;
}

function rolesUnasked(file: string): string {
  return `${file}: roles and clusterRoles are left out: no API server tells a webhook of them, so no rule here is about them`;
}
