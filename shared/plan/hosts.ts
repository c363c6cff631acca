import { namedHosts } from '../policy/hosts.ts';
import type { Rule } from '../policy/policy.ts';

/** Whose choice a registry is, and whether it may be called. */
export interface Hosts {
  /** Hosts that the rules or the settings name; `all` where someone asks who named the image as well. */
  readonly named: ReadonlySet<string> | 'all';
  /**
   * What becomes of an image at any other host, which its author chose: deployed it is refused, since the holder of a webhook
   * token could have any host called. Else it is called, and the failures of such a host deny.
   */
  readonly others: 'refuse' | 'call';
}

export const everyHost: Hosts = { named: 'all', others: 'call' };

/** The hosts of a list of rules: those that they name literally and `registries`, the settings'. Found once for each list. */
export function hostsOfRules(
  registries: readonly string[],
  others: Hosts['others'],
): (rules: readonly Rule[]) => Hosts {
  const known = new WeakMap<readonly Rule[], Hosts>();
  return (rules) => {
    let hosts = known.get(rules);
    if (hosts === undefined) {
      hosts = { named: namedHosts(rules, registries), others };
      known.set(rules, hosts);
    }
    return hosts;
  };
}
