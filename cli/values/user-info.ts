import type { UserInfo } from '../../shared/admission/review.ts';
import { asWritten, list, object, oneOf, plainText, readOver } from '../../shared/policy/kyverno/schema.ts';
import { readOne, requireHeader } from '../document.ts';

/** Who asks, as a file says it (`kind: UserInfo`, cli.kyverno.io/v1alpha1). */
export interface Asker {
  readonly user: UserInfo;
  /** Roles are written: a webhook is not told them, so no rule is. */
  readonly hasRoles: boolean;
}

const extra = list(plainText);
const file = object({
  apiVersion: oneOf('cli.kyverno.io/v1alpha1'),
  kind: oneOf('UserInfo'),
  metadata: readOver,
  roles: list(plainText),
  clusterRoles: list(plainText),
  userInfo: object({ username: plainText, uid: plainText, groups: list(plainText), extra: asWritten }),
});

/** Throws FileError, PolicyLoadError. */
export function readUserInfo(name: string): Promise<Asker> {
  return readOne(name, 'a UserInfo document', (place, report) => {
    requireHeader(place, 'UserInfo', report);
    const fields = file(place, report);
    if (fields === undefined) return undefined;
    const { username = '', uid, groups = [] } = fields.userInfo ?? {};
    const at = place.field('userInfo').field('extra');
    if (at.given && at.tree?.kind !== 'mapping') report.problem(at, `a mapping of lists is expected, this is ${at.is}`);
    const more = at.names.map((key) => [key, extra(at.field(key), report) ?? null] as const);
    return {
      user: {
        username,
        groups,
        ...(uid === undefined ? {} : { uid }),
        ...(more.length === 0 ? {} : { extra: Object.fromEntries(more) }),
      },
      hasRoles: (fields.roles ?? []).length + (fields.clusterRoles ?? []).length > 0,
    };
  });
}
