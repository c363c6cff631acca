import { hostFits, namedHosts, writtenHosts } from '../policy/hosts.ts';
import type { Rule } from '../policy/policy.ts';

/** Whose choice a registry is, and whether it may be called. */
export interface Hosts {
  /**
   * Hosts that the rules in force or the settings name, by any name of their registries; `all` where someone asks who named the image
   * as well. Whichever of the rules are asked: what reviews share about a host is shared by all who ask about it.
   */
  readonly named: ReadonlySet<string> | 'all';
  /** Those of them that the very rules which are asked name, or the settings. */
  readonly asked: ReadonlySet<string> | 'all';
  /**
   * Those of `asked` whose name is written there. A registry may be reached by that one alone, and under which name it is asked for is
   * the choice of an image's author.
   */
  readonly written: ReadonlySet<string> | 'all';
  /**
   * Whether an image at any host but those of `asked`, which its author chose, has it called: deployed none has, since the holder of a
   * webhook token could have any host called. Else those that a pattern's host fits are, and the failures of such a host deny.
   */
  readonly others: (registry: string) => boolean;
  /** Whether a host that policies say by way of a ConfigMap is called though nothing names it: deployed, the setting has to. */
  readonly said: boolean;
}

export const everyHost: Hosts = { named: 'all', asked: 'all', written: 'all', others: () => true, said: true };

type OfRules = Pick<Hosts, 'others'> & Record<'written' | 'named', ReadonlySet<string>>;

/**
 * The hosts of the rules that are asked, of those `inForce`: those that they name literally and `registries`, the settings'. Found once
 * for each list. `others`: whether hosts that they do not name may be called at all.
 */
export function hostsOfRules(
  registries: readonly string[],
  others: 'refuse' | 'call',
): (rules: readonly Rule[], inForce?: readonly Rule[]) => Hosts {
  const known = new WeakMap<readonly Rule[], OfRules>();

  function hostsOf(rules: readonly Rule[]) {
    let hosts = known.get(rules);
    if (hosts === undefined) {
      const written = writtenHosts(rules, registries);
      const fitting = others === 'refuse' ? () => false : hostFits(rules);
      hosts = { written, named: namedHosts(written), others: fitting };
      known.set(rules, hosts);
    }
    return hosts;
  }

  return (rules, inForce = rules) => {
    const { written, named: asked, others: fitting } = hostsOf(rules);
    return { named: hostsOf(inForce).named, asked, written, others: fitting, said: others === 'call' };
  };
}
