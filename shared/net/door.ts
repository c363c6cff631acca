import { isIP, type LookupFunction } from 'node:net';
import { Refusal } from '../reasons.ts';
import { type AddressRules, allowsAddress, allowsHandOver } from './addresses.ts';
import { abandon, type BodyRoom, drained, readBounded } from './body.ts';
import { decoderOf, isUndecodable } from './coding.ts';
import { addressRefused, codeOf, failure, unknownCoding } from './failure.ts';
import { hostName, isLoopbackHost, splitHost } from './hosts.ts';
import { inTime, isPromise } from './in-time.ts';
import { type Hop, maxRedirects, nextHop } from './redirect.ts';
import type { Spending } from './spending.ts';
import { createTurns, type Permit } from './turns.ts';
import { send } from './undici.ts';
import { createWays } from './ways.ts';

export interface DoorSettings {
  /** `any` on the command line and for `serve` on loopback; a list of grants in a deployed function. */
  readonly addresses: AddressRules;
  /**
   * `host` (any port) or `host:port` of those that may be asked over plain HTTP. With `addresses: 'any'`, loopback too. `any`: every
   * host, where what comes is signed, as what responders say of certificates is.
   */
  readonly allowHttp?: 'any' | readonly string[];
  /** PEM certificates by host[:port], trusted for that host beside the default roots (NODE_EXTRA_CA_CERTS included). */
  readonly ca?: Readonly<Record<string, string>>;
  /**
   * PEM certificates that are trusted for every host beside the default roots: the CA of registries of one's own. Asked for when
   * TLS is first spoken; never throws.
   */
  readonly roots?: () => readonly string[];
  /** Milliseconds: TCP and TLS together, until the header, between two pieces of a body. */
  readonly connectTimeout?: number;
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
  /** Milliseconds for reading off a body that nobody wants. */
  readonly discardTimeout?: number;
  /** Requests under way at a time, each with a connection: to one origin (50), and to all of them (200). */
  readonly connections?: number;
  readonly permits?: number;
  /** Milliseconds after which a connection that nobody uses is closed, whatever the server would allow. */
  readonly idleTimeout?: number;
  /** Resolves names; dns.lookup if absent. */
  readonly lookup?: LookupFunction;
  /** Names of hosts that nobody named that are resolved at a time (1): the system resolves few, and named ones must not wait for those. */
  readonly lookups?: number;
}

export interface DoorRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly spending: Spending;
  /** What is asked for, in the words of messages: `the manifest of ghcr.io/org/app:v1`. */
  readonly what: string;
  /** Its body takes long: of such ones few are under way to an origin, and fewer of one review. */
  readonly large?: boolean;
  /** Asked before each request is sent, with its URL: a redirect's too. What it throws keeps the request back. */
  readonly beforeSending?: (url: URL) => void;
  /** Who named the URL, when it was not the image or the settings: the registry whose token realm this is. */
  readonly namedBy?: URL;
  /** Whether a redirect is followed (yes), or is an answer like any other. */
  readonly follows?: boolean;
}

export interface DoorResponse {
  readonly status: number;
  /** Set where another try would have been made, had there been the time. */
  readonly late?: boolean;
  /** Where the answer comes from, redirects followed. */
  readonly url: URL;
  /**
   * A header's value; several of one name are joined as RFC 9110 §5.3 says. Where a header has one value only, equal ones
   * are one, and an empty one is none.
   */
  header(name: string): string | undefined;
  /**
   * Reads the body once, its content coding taken off. Refusals: too-large, body-cut-short, deadline, registry-error (an
   * unknown content coding, or bytes that do not unpack), and what `room` rejects with.
   */
  read(maxBytes: number, room?: BodyRoom): Promise<Uint8Array>;
  /** Leaves the body unread. Each response is either read or discarded. */
  discard(): void;
}

/** The only way out for HTTP: it checks addresses, follows redirects and bounds bodies and time. */
export interface Door {
  /** `https://host`, or `http://host` where that is allowed and https is not spoken. Throws Refusal. */
  origin(host: string, spending: Spending): Promise<string>;
  /** Throws Refusal for whatever keeps a status and header from coming; any status that comes is an answer. */
  request(url: URL, request: DoorRequest): Promise<DoorResponse>;
  /** Ends all connections. */
  close(): Promise<void>;
}

const second = 1000;
/** Informational answers (1xx, RFC 9110 §15.2) before the one that counts: one is common, and their bytes count nowhere. */
const mostInformed = 16;

/**
 * A door with connections of its own. Redirects are followed here, not by undici: at most five a request, each checked
 * like a first URL, none from https to http, with `authorization` only for the same scheme, host and port.
 */
export function createDoor(settings: DoorSettings): Door {
  const { addresses } = settings;
  const perOrigin = settings.connections ?? 50;
  const permits = settings.permits ?? 200;
  const turns = createTurns({ perOrigin, permits });
  const discardTimeout = settings.discardTimeout ?? second;
  /** Known once TLS has been spoken. */
  let rootsGiven = false;
  const ways = createWays({
    addresses,
    ca: settings.ca ?? {},
    roots: () => {
      const given = settings.roots?.() ?? [];
      rootsGiven = given.length > 0;
      return given;
    },
    connectTimeout: settings.connectTimeout ?? 5 * second,
    headersTimeout: settings.headersTimeout ?? 15 * second,
    bodyTimeout: settings.bodyTimeout ?? 10 * second,
    idleTimeout: settings.idleTimeout ?? 4 * second,
    connections: perOrigin,
    permits,
    lookup: settings.lookup,
    lookups: settings.lookups ?? 1,
  });

  function allowsHttp(url: URL): boolean {
    const name = hostName(url);
    if (addresses === 'any' && isLoopbackHost(name)) return true;
    const port = url.port === '' ? '80' : url.port;
    const allowed = settings.allowHttp ?? [];
    if (allowed === 'any') return true;
    return allowed.some((text) => {
      const listed = splitHost(text);
      return listed.name === name && (listed.port === undefined || listed.port === port);
    });
  }

  /** Refuses what the rules refuse about a URL as such; names are looked at again when they are resolved. */
  function check({ url }: Hop, sender: Sender | undefined): void {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowsHttp(url))) {
      throw refusal(url, sender, 'would have to be asked over plain HTTP, which is not allowed for it');
    }
    if (url.username !== '' || url.password !== '') throw refusal(url, sender, 'is written with a user name');
    const name = hostName(url);
    if (isIP(name) !== 0 && !allowsAddress(addresses, hostAndPort(url), name)) throw refusal(url, sender, notCalled);
    if (addresses === 'any' && sender !== undefined && !allowsHandOver(sender.url, url)) {
      throw refusal(url, sender, 'is an address of this machine or its network');
    }
  }

  /** A permit at an origin, waited for until the time ends; `asked` is the rest of that sentence in the message. */
  function permit(origin: string, spending: Spending, asked: string, large?: boolean): Permit | Promise<Permit> {
    const late = () => new Refusal('deadline', `the time ended before ${asked}: other requests were under way`);
    const taken = turns.take(origin, spending, late, large);
    if (isPromise(taken)) spending.queued?.();
    return taken;
  }

  async function once(hop: Hop, request: DoorRequest, sender: Sender | undefined): Promise<UndiciResponse> {
    check(hop, sender);
    const { spending, what, beforeSending, large } = request;
    const host = called(hop.url, sender);
    const taken = permit(hop.url.origin, spending, `${host} could be asked for ${what}`, large);
    const { answered, release } = isPromise(taken) ? await taken : taken;
    let answer: UndiciResponse | undefined;
    try {
      beforeSending?.(hop.url);
      answer = await sendOne(hop, request, sender);
      // Its connection is in use until the body has ended, whoever ends it.
      answered();
      answer.body.once('close', release);
      return answer;
    } finally {
      if (answer === undefined) release();
    }
  }

  async function sendOne(hop: Hop, request: DoorRequest, sender: Sender | undefined): Promise<UndiciResponse> {
    const { spending, what } = request;
    const { deadline } = spending;
    const { agent, probe, isFull } = ways.of(spending);
    try {
      deadline.signal.throwIfAborted();
      spending.sent();
      let informed = 0;
      return await send(agent, hop.url, {
        method: hop.method,
        headers: { ...hop.headers },
        body: request.body ?? null,
        signal: deadline.signal,
        onInfo() {
          informed += 1;
          if (informed > mostInformed) throw endlessly(called(hop.url, sender), what);
        },
        // Connections that nobody uses would add up over many origins: with so many open this one is not kept.
        ...(isFull() ? { reset: true } : {}),
      });
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'registry-error') throw thrown;
      if (codeOf(thrown) === addressRefused) throw refusal(hop.url, sender, notCalled);
      probe.forget(hop.url.host);
      throw failure(thrown, called(hop.url, sender), what, deadline, 'head', rootsGiven);
    }
  }

  return {
    async origin(host, spending) {
      const plain = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
      if (plain === undefined || !allowsHttp(plain)) return `https://${host}`;
      const { probe } = ways.of(spending);
      let scheme = probe.known(host);
      if (scheme === undefined) {
        // The probe goes on when this review's time ends, and its permit is in use until then.
        const taken = permit(`https://${host}`, spending, `${host} could be connected to`);
        const { release } = isPromise(taken) ? await taken : taken;
        scheme = probe.scheme(host).finally(release);
      }
      const late = () => new Refusal('deadline', `the time ended before ${host} could be connected to`);
      return `${await inTime(scheme, spending.deadline, late)}://${host}`;
    },

    async request(url, request) {
      const method = request.method ?? 'GET';
      // Bodies are hashed and bounded: a coding would put another length and other bytes between.
      const headers = { ...request.headers, 'accept-encoding': 'identity', 'user-agent': 'countersign' };
      let hop: Hop = { method, url, headers };
      const { namedBy, follows = true } = request;
      let sender: Sender | undefined = namedBy && { url: namedBy, words: `the token server of ${namedBy.host}` };
      for (let redirects = 0; ; redirects++) {
        const answer = await once(hop, request, sender);
        let next: Hop | undefined;
        try {
          if (follows) next = nextHop(hop, answer.statusCode, header(answer, 'location'), called(hop.url, sender));
        } catch (thrown) {
          abandon(answer.body);
          throw thrown;
        }
        if (next === undefined) return respond(answer, hop.url, called(hop.url, sender), request, discardTimeout);
        discard(answer.body, discardTimeout);
        if (redirects === maxRedirects) {
          const who = called(url, namedBy && sender);
          throw new Refusal('too-many-redirects', `${who} redirected over ${maxRedirects} times for ${request.what}`);
        }
        sender = { url: hop.url, words: sender?.words ?? `a host that ${url.host} redirects to` };
        hop = next;
      }
    },

    close: () => ways.close(),
  };
}

type UndiciResponse = Awaited<ReturnType<typeof send>>;

/** Who sent us to a URL, and how messages call the host there: what a registry writes is not repeated to users. */
interface Sender {
  readonly url: URL;
  readonly words: string;
}

const notCalled = 'is on an address that is not called from here';

function called(url: URL, sender: Sender | undefined): string {
  return sender?.words ?? url.host;
}

function refusal(url: URL, sender: Sender | undefined, why: string): Refusal {
  return new Refusal(sender === undefined ? 'address-refused' : 'redirect-refused', `${called(url, sender)} ${why}`);
}

function endlessly(host: string, what: string): Refusal {
  return new Refusal(
    'registry-error',
    `${host} announces an answer over ${mostInformed} times, and gives none: ${what}`,
  );
}

/** `name:port` with the port written out, as grants are compared. */
function hostAndPort(url: URL): string {
  if (url.port !== '') return url.host;
  return `${url.host}:${url.protocol === 'https:' ? '443' : '80'}`;
}

/** Headers of one value, in which no comma stands. Some proxies repeat them, and some registries send them empty. */
const singular: ReadonlySet<string> = new Set(['content-type', 'docker-content-digest']);

function header(answer: UndiciResponse, name: string): string | undefined {
  const value = answer.headers[name];
  const text = Array.isArray(value) ? value.join(', ') : value;
  if (text === undefined || !singular.has(name)) return text;
  const values = new Set(text.split(',').map((one) => one.trim()));
  values.delete('');
  const [only] = values;
  return values.size > 1 ? text : only;
}

function respond(
  answer: UndiciResponse,
  url: URL,
  host: string,
  request: DoorRequest,
  discardTimeout: number,
): DoorResponse {
  const { spending, what } = request;
  return {
    status: answer.statusCode,
    url,
    header: (name) => header(answer, name),
    async read(maxBytes, room) {
      const decoder = decoderOf(header(answer, 'content-encoding'), spending.named);
      if (decoder === 'unknown') {
        abandon(answer.body);
        throw new Refusal(
          'registry-error',
          `${host} answered in a content coding that is not taken off here: ${what}`,
          {
            cause: { code: unknownCoding },
          },
        );
      }
      const length = header(answer, 'content-length');
      const announced = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
      try {
        const take = (count: number) => spending.take(count);
        const bounds = { maxBytes, announced, take, what, room };
        return await readBounded(answer.body, decoder === 'none' ? bounds : { ...bounds, decoder: decoder() });
      } catch (thrown) {
        if (isUndecodable(codeOf(thrown))) {
          throw new Refusal('registry-error', `${host} answered with bytes that do not unpack: ${what}`, {
            cause: thrown,
          });
        }
        throw failure(thrown, host, what, spending.deadline, 'body');
      }
    },
    discard: () => discard(answer.body, discardTimeout),
  };
}

/**
 * A short body is read off, so that its connection goes back to the pool; a long one is cut, and so is one that trickles: its
 * permit is in use until then, whoever's review has ended. Nobody waits for either.
 */
function discard(body: UndiciResponse['body'], milliseconds: number): void {
  if (body.closed) return;
  const cut = setTimeout(() => abandon(body), milliseconds).unref();
  body.once('close', () => clearTimeout(cut));
  body.dump({ limit: drained }).catch(() => abandon(body));
}
