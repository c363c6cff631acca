import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { buildConnector } from 'undici';
import { type AddressRules, allowsAddress } from './addresses.ts';
import { monotonic } from './deadline.ts';
import { addressRefused } from './failure.ts';
import type { Gates } from './gates.ts';
import { inPieces, type TurnShare } from './pieces.ts';
import { buildConnector as newConnector } from './undici.ts';

export interface ConnectorSettings {
  readonly addresses: AddressRules;
  /** PEM certificates by host[:port], trusted for that host beside the default roots. */
  readonly ca: Readonly<Record<string, string>>;
  /** Milliseconds for TCP and TLS together. */
  readonly connectTimeout: number;
  readonly lookup: LookupFunction;
  readonly trust: Trust;
  /** What the connections hand over in one turn of the event loop; absent: all that there is. */
  readonly share?: TurnShare;
  /** What stands between a connection and its TLS; absent: nothing. */
  readonly gates?: Gates;
}

/**
 * How connections are made: to addresses that the rules allow, on every connection. A literal never reaches lookup, so it
 * is checked apart; of a name all addresses are checked, and one of these very addresses is connected to, so that a name
 * cannot change its mind between the check and the connection (DNS rebinding).
 */
export function createConnector(settings: ConnectorSettings): buildConnector.connector {
  const byKey = new Map<string, buildConnector.connector>();
  // An image's author names the host: `constructor:443` is one.
  const given = (host: string) => (Object.hasOwn(settings.ca, host) ? settings.ca[host] : undefined);

  return (options, callback) => {
    const defaultPort = options.protocol === 'https:' ? '443' : '80';
    const port = options.port === '' ? defaultPort : options.port;
    const name = options.hostname.replace(/\.$/, '');
    const bracketed = isIP(name) === 6 ? `[${name}]` : name;
    const host = `${bracketed}:${port}`;
    if (isIP(name) !== 0 && !allowsAddress(settings.addresses, host, name)) {
      callback(refusal(host), null);
      return;
    }
    const ca = given(host) ?? (port === '443' ? given(bracketed) : undefined);
    // The checked lookup knows for which host it checks; TLS sessions are kept per connector.
    const key = `${options.protocol}//${host}`;
    let connector = byKey.get(key);
    if (connector === undefined) {
      if (byKey.size >= 1000) byKey.clear();
      const common = {
        allowH2: false,
        timeout: settings.connectTimeout,
        lookup: checked(settings.lookup, settings.addresses, host),
      };
      connector = newConnector(options.protocol === 'https:' ? { ...common, ...settings.trust(ca) } : common);
      if (options.protocol === 'https:' && settings.gates !== undefined) {
        connector = gated(newConnector(common), connector, settings.gates, settings.connectTimeout);
      }
      byKey.set(key, connector);
    }
    connector({ ...options, port }, (...made) => {
      if (made[0] === null) inPieces(made[1], settings.share);
      callback(...made);
    });
  };
}

/**
 * A connector of the same addresses that asks for no trust: for finding out whether TLS is spoken at all. Nothing is sent over what
 * it connects to. It loads no roots, which takes longer than all else that happens before a first request.
 */
export function createProbingConnector(settings: Omit<ConnectorSettings, 'trust'>): buildConnector.connector {
  return createConnector({ ...settings, trust: () => ({ ...exchange, ca: [], rejectUnauthorized: false }) });
}

/** How TLS is spoken with a host that has certificates of its own, or none. */
export type Trust = (
  ca: string | undefined,
) => Pick<tls.ConnectionOptions, 'ca' | 'secureContext' | 'rejectUnauthorized' | 'ciphers' | 'ecdhCurve'>;

/**
 * How keys are agreed upon: on curves alone. With finite fields a server chooses the modulus, of up to 10,000 bits and prime or not,
 * and one handshake computes for half a second, in which nobody else is answered.
 */
const exchange = { ciphers: `${tls.DEFAULT_CIPHERS}:!DHE`, ecdhCurve: 'X25519:P-256:P-384:P-521' } as const;

/**
 * What TLS believes for a host with `ca` of its own. Roots are parsed once: there are some 150, and a parse takes milliseconds.
 * `rootsOf`: PEM certificates that are trusted for every host beside the default roots; asked for when TLS is first spoken.
 */
export function createTrust(rootsOf: () => readonly string[]): Trust {
  const contexts = new Map<string | undefined, tls.SecureContext | undefined>();
  return (ca) => {
    if (!contexts.has(ca)) {
      const own = [...rootsOf(), ...(ca === undefined ? [] : [ca])];
      const all = () => tls.createSecureContext({ ...exchange, ca: [...tls.getCACertificates('default'), ...own] });
      contexts.set(ca, own.length === 0 ? undefined : all());
    }
    const secureContext = contexts.get(ca);
    return secureContext === undefined ? exchange : { secureContext };
  };
}

/** Connects with `plain`, and speaks TLS with `secure` through a gate. Both have the same time together. */
function gated(
  plain: buildConnector.connector,
  secure: buildConnector.connector,
  gates: Gates,
  connectTimeout: number,
): buildConnector.connector {
  return ({ hostname, protocol, port, ...options }, callback) => {
    const since = monotonic();
    plain({ hostname, protocol: 'http:', port }, (...connected) => {
      if (connected[0] !== null) return callback(...connected);
      const gate = gates.before(connected[1]);
      const late = () => gate.destroy(Object.assign(new Error('slow handshake'), { code: 'UND_ERR_CONNECT_TIMEOUT' }));
      const timer = setTimeout(late, Math.max(0, connectTimeout - (monotonic() - since)));
      // undici takes a socket and hands it to tls.connect, which takes any stream.
      const httpSocket = gate as Duplex as Socket;
      return secure({ ...options, hostname, protocol, port, httpSocket }, (...made) => {
        clearTimeout(timer);
        gate.opened();
        callback(...made);
      });
    });
  };
}

function checked(lookup: LookupFunction, rules: AddressRules, host: string): LookupFunction {
  if (rules === 'any') return lookup;
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found) => {
      const addresses = Array.isArray(found) ? found : [];
      const first = addresses[0];
      if (error !== null) callback(error, []);
      else if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
      else if (!addresses.every(({ address }) => allowsAddress(rules, host, address))) callback(refusal(host), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} is on an address that is not called`), { code: addressRefused });
}
