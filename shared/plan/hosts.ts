import { namedHosts, writtenHosts } from '../policy/hosts.ts';
import type { Rule } from '../policy/policy.ts';

/** Whose choice a registry is, and whether it may be called. */
export interface Hosts {
  /** Hosts that the rules or the settings name, by any name of their registries; `all` where someone asks who named the image as well. */
  readonly named: ReadonlySet<string> | 'all';
  /**
   * Those of them whose name is written there. A registry may be reached by that one alone, and under which name it is asked for is
   * the choice of an image's author.
   */
  readonly written: ReadonlySet<string> | 'all';
  /**
   * What becomes of an image at any other host, which its author chose: deployed it is refused, since the holder of a webhook
   * token could have any host called. Else it is called, and the failures of such a host deny.
   */
  readonly others: 'refuse' | 'call';
}

export const everyHost: Hosts = { named: 'all', written: 'all', others: 'call' };

/** The hosts of a list of rules: those that they name literally and `registries`, the settings'. Found once for each list. */
export function hostsOfRules(
  registries: readonly string[],
  others: Hosts['others'],
): (rules: readonly Rule[]) => Hosts {
  const known = new WeakMap<readonly Rule[], Hosts>();
  return (rules) => {
    let hosts = known.get(rules);
    if (hosts === undefined) {
      const written = writtenHosts(rules, registries);
      hosts = { named: namedHosts(written), written, others };
      known.set(rules, hosts);
    }
    return hosts;
  };
}
