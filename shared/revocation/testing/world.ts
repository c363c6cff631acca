import type { IncomingMessage, ServerResponse } from 'node:http';
import { now } from '../../../test/fixtures/ask.ts';
import { issueRevocable, makeRevoker, type RevocableParts } from '../../../test/fixtures/authority/revocation.ts';
import { type Elapsed, monotonic } from '../../net/deadline.ts';
import { createDoor, type DoorSettings } from '../../net/door.ts';
import { startServer } from '../../net/testing/server.ts';
import { spending } from '../../net/testing/spending.ts';
import { Certificate } from '../../trust/x509/certificate.ts';
import { type AskSigner, createRevocations } from '../create.ts';
import type { RevocationAnswer } from '../revocation.ts';

/** What is served at a path: bytes, or whatever a handler does. */
export type Served = Uint8Array | ((request: IncomingMessage, response: ServerResponse) => void);

export interface WorldOptions {
  readonly door?: DoorSettings;
  readonly ocspMs?: number;
  readonly crlMs?: number;
  readonly signer?: AskSigner;
}

/** A CA, who asks of its certificates, and a server on loopback that answers for it. */
export async function startWorld() {
  const served = new Map<string, Served>();
  const server = await startServer((request, response) => {
    const [, name = ''] = (request.url ?? '').split('/');
    const found = served.get(name);
    if (found === undefined) response.writeHead(404).end();
    else if (typeof found === 'function') found(request, response);
    else response.end(found);
  });
  const revoker = makeRevoker(new Date(now));
  const issuer = new Certificate(revoker.certificate.der);
  const doors: { close(): Promise<void> }[] = [];

  return {
    server,
    served,
    revoker,
    issuer,
    at: (name: string) => `${server.url}/${name}`,
    /** Which paths were asked for, without what OCSP writes behind them. */
    asked: () => server.requests.map(({ path }) => path.split('/')[1]),
    certify(parts: RevocableParts = {}) {
      const made = issueRevocable(revoker, parts);
      return { made, certificate: new Certificate(made.der) };
    },
    /** Those who ask, with clocks that a test sets ahead. */
    asker({ door: settings = { addresses: 'any' }, signer = unsigned, ...options }: WorldOptions = {}) {
      const time = { now, passed: 0 };
      const counted: string[] = [];
      const metrics = {
        count: (name: string, labels: Readonly<Record<string, string>> = {}) =>
          counted.push(`${name} ${labels['asked']}`),
      };
      const elapsed: Elapsed = () => monotonic() + time.passed;
      const door = createDoor({ ...settings, allowHttp: 'any' });
      doors.push(door);
      const revocations = createRevocations({ door, clock: () => time.now, elapsed, metrics, signer, ...options });
      return {
        time,
        counted,
        revocations,
        ask: (certificate: Certificate, allowance = spending(), signedAt?: number): Promise<RevocationAnswer> =>
          revocations.ask({ what: 'chain', chain: [certificate, issuer], signedAt }, allowance),
      };
    },
    reset() {
      served.clear();
      server.requests.length = 0;
    },
    async close() {
      await Promise.all(doors.map((door) => door.close()));
      await server.close();
    },
  };
}

const unsigned: AskSigner = async () => ({ status: 'unknown', message: 'nobody is asked', until: 0 });
