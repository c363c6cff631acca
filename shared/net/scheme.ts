import { LRUCache } from 'lru-cache';
import type { buildConnector } from 'undici';
import { codeOf } from './failure.ts';
import { splitHost } from './hosts.ts';

export type Scheme = 'https' | 'http';

export interface SchemeProbe {
  /** What was found out, or is about to be. */
  known(host: string): Promise<Scheme> | undefined;
  /** Never rejects. Each call that finds nothing known makes a connection. */
  scheme(host: string): Promise<Scheme>;
  /** A request failed below HTTP: the server may have changed its mind. */
  forget(host: string): void;
}

/**
 * Finds out whether a host that may be asked over plain HTTP speaks TLS: https is tried first, always, and what was found
 * is remembered for the process. One connection is made and closed; no request is sent. A certificate that is not trusted
 * is TLS all the same: the request that follows says what is wrong with it.
 */
export function createSchemeProbe(connect: buildConnector.connector): SchemeProbe {
  const known = new LRUCache<string, Promise<Scheme>>({ max: 1000 });

  return {
    known: (host) => known.get(host),
    scheme(host) {
      const before = known.get(host);
      if (before !== undefined) return before;
      const found = probe(connect, host).then(({ scheme, sure }) => {
        if (!sure) known.delete(host);
        return scheme;
      });
      known.set(host, found);
      return found;
    },
    forget(host) {
      known.delete(host);
    },
  };
}

/** `sure`: the host itself has shown that it speaks TLS, or that it does not. */
function probe(connect: buildConnector.connector, host: string): Promise<{ scheme: Scheme; sure: boolean }> {
  const { name, port } = splitHost(host);
  const target = { protocol: 'https:', hostname: name, host, port: port ?? '443' };
  return new Promise((resolve) => {
    connect(target, (error, socket) => {
      socket?.destroy();
      if (error === null) return resolve({ scheme: 'https', sure: true });
      const code = codeOf(error) ?? '';
      if (isPlainAnswer(code)) return resolve({ scheme: 'http', sure: true });
      // Without a port the two schemes are two ports: nobody on 443 says nothing about 80.
      const nobody = port === undefined && ['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'].includes(code);
      return resolve({ scheme: nobody ? 'http' : 'https', sure: nobody });
    });
  });
}

/** What a TLS client sees of a server that answers its hello in plain text, or hangs up on it. */
function isPlainAnswer(code: string): boolean {
  return code === 'EPROTO' || code === 'ECONNRESET' || code.startsWith('ERR_SSL_');
}
