import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AddressRules } from './addresses.ts';
import { type ConnectorSettings, createConnector, createProbingConnector, createTrust } from './connector.ts';
import { createGates } from './gates.ts';
import { createNames } from './names.ts';
import { countOpen } from './open.ts';
import { createTurnShare } from './pieces.ts';
import { createSchemeProbe, type SchemeProbe } from './scheme.ts';
import type { Spending } from './spending.ts';
import { Agent } from './undici.ts';

export interface WaysSettings {
  readonly addresses: AddressRules;
  readonly ca: Readonly<Record<string, string>>;
  readonly roots: () => readonly string[];
  /** Milliseconds. */
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly idleTimeout: number;
  /** Connections to one origin; requests under way to all of them. */
  readonly connections: number;
  readonly permits: number;
  readonly lookup: LookupFunction | undefined;
  /** Names of hosts that nobody named that are looked up at a time. */
  readonly lookups: number;
}

/** How some hosts are reached: what is open to them, and what is remembered of them. */
export interface Way {
  readonly agent: InstanceType<typeof Agent>;
  readonly probe: SchemeProbe;
  /** Whether so many connections are open that a further one is not kept. */
  isFull(): boolean;
}

export interface Ways {
  of(spending: Pick<Spending, 'named'>): Way;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Two ways out: to hosts that the rules or the settings name, and to those that an image's author chose. Each has its own connections,
 * names and TLS sessions, so that nobody who names a thousand hosts of their own closes or forgets those of a registry
 * that is named, or has its name wait for theirs; and what the others answer is parsed some milliseconds a turn.
 */
export function createWays(settings: WaysSettings): Ways {
  const { addresses, ca, roots, connectTimeout, permits, lookup = dns.lookup } = settings;
  const trust = createTrust(roots);

  function way(names: LookupFunction, kept: number, bounds: Pick<ConnectorSettings, 'share' | 'gates'>): Way {
    const connecting = { addresses, ca, connectTimeout, lookup: names, ...bounds };
    const { connect, open } = countOpen(createConnector({ ...connecting, trust }));
    const agent = new Agent({
      connect,
      connections: settings.connections,
      headersTimeout: settings.headersTimeout,
      bodyTimeout: settings.bodyTimeout,
      // A server's own word in Keep-Alive is not believed beyond it: it would choose how many descriptors we hold.
      keepAliveTimeout: settings.idleTimeout,
      keepAliveMaxTimeout: settings.idleTimeout,
      pipelining: 1,
    });
    return { agent, probe: createSchemeProbe(createProbingConnector(connecting)), isFull: () => open() >= kept };
  }

  const named = way(createNames(lookup), permits, {});
  const others = way(
    createNames(lookup, { atOnce: settings.lookups, longest: connectTimeout }),
    // As many as may be in use there at a time (turns.ts).
    Math.ceil(permits / 2),
    { share: createTurnShare(), gates: createGates() },
  );
  return {
    of: ({ named: isNamed = true }) => (isNamed ? named : others),
    async close() {
      await Promise.all([named.agent.destroy(), others.agent.destroy()]);
    },
  };
}
