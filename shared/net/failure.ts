import { Refusal } from '../reasons.ts';
import { isUndecodable } from './coding.ts';
import type { Deadline } from './deadline.ts';
import { handshakeTooLarge } from './gates.ts';
import { unusableTarget } from './redirect.ts';

/** The code under which the connector refuses an address; `failure` leaves it to the door, which knows who named the host. */
export const addressRefused = 'ADDRESS_REFUSED';
/** The code of the cause where a content coding is not known here. */
export const unknownCoding = 'UNKNOWN_CODING';

const untrusted =
  'its certificate is by an authority that is not trusted here (give the certificate of its CA: --ca FILE, deployed registryCa)';
const notCertified =
  'its certificate is by an authority that is neither public nor among the certificates given (--ca FILE, deployed registryCa): they do not certify this host';

/** What went wrong below HTTP, in words. Codes of Node, OpenSSL and undici. */
const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve at the moment',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route leads to it',
  ENETUNREACH: 'no route leads to it',
  [handshakeTooLarge]: 'its certificates are more than are read',
  EPROTO: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed and not trusted here (give it: --ca FILE, deployed registryCa)',
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
};

/** The same where certificates were given: to say "give them" again would send people in a circle. */
const wordsWithRoots: Readonly<Record<string, string>> = {
  ...words,
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed and is none of those given (--ca FILE, deployed registryCa): they do not certify this host',
  SELF_SIGNED_CERT_IN_CHAIN: notCertified,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notCertified,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notCertified,
};

/** What was late by the door's own bounds, before the review's time ended: lateness all the same, whose doing is told as a deadline's is. */
const tooSlow: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'accepted the request and did not answer in time when it was asked for',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of',
};

/** Codes of the machine that we run on: the host that was to be asked has no part in them. */
const ownTrouble: Readonly<Record<string, string>> = {
  EMFILE: 'this process has as many files and connections open as it may (raise ulimit -n)',
  ENFILE: 'this machine has as many files and connections open as it can',
  ENOBUFS: 'this machine has no memory left for a connection',
  ENOMEM: 'this machine has no memory left for a connection',
};

/** The `code` of whatever was thrown. Errors of Node and undici are told apart by it, never by their class. */
export function codeOf(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

/**
 * What was thrown while `host` (its name, or words for it) was asked, as a Refusal. `phase` says whether the body was being read, since a body that
 * stops is cut short whatever stopped it. `rootsGiven`: certificates are trusted beside the default ones. An error without a code is no network's: it is thrown on as it is.
 */
export function failure(
  thrown: unknown,
  host: string,
  what: string,
  deadline: Deadline,
  phase: 'head' | 'body',
  rootsGiven = false,
): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (deadline.signal.aborted) return new Refusal('deadline', `the time ended before ${host} gave ${what}`);
  const code = codeOf(thrown) ?? (isParserError(thrown) ? 'HPE_UNKNOWN' : undefined);
  if (code === undefined) throw thrown;
  const cause = { cause: thrown };
  const own = ownTrouble[code];
  if (own !== undefined) return new Refusal('internal-error', `Countersign could not ask for ${what}: ${own}`, cause);
  const slow = tooSlow[code];
  if (slow !== undefined) return new Refusal('deadline', `${host} ${slow} ${what}`, cause);
  if (phase === 'body') return new Refusal('body-cut-short', `${host} sent only a part of ${what}`, cause);
  if (isNotHttp(code)) {
    return new Refusal('registry-error', `${host} did not answer in HTTP when it was asked for ${what}`, cause);
  }
  const told = rootsGiven ? wordsWithRoots : words;
  return new Refusal('registry-unreachable', `${host} could not be asked for ${what}: ${told[code] ?? code}`, cause);
}

function isNotHttp(code: string): boolean {
  return code.startsWith('HPE_') || code.startsWith('UND_ERR_HEADERS_OVERFLOW');
}

/** Whether the header of an answer was over its bound. */
export function isHeaderTooLarge({ reason, cause }: Refusal): boolean {
  const told = codeOf(cause) ?? '';
  return reason === 'registry-error' && (told.startsWith('UND_ERR_HEADERS_OVERFLOW') || told === 'HPE_HEADER_OVERFLOW');
}

/**
 * Whether an answer came that is of no use however often it is asked for: no HTTP, a header over its bound, a content coding that is
 * unknown or broken, redirects that lead nowhere.
 */
export function isNonsense({ reason, cause }: Refusal): boolean {
  const told = codeOf(cause) ?? (isParserError(cause) ? 'HPE_UNKNOWN' : '');
  if (reason === 'redirect-refused') return told === unusableTarget;
  if (reason === 'registry-error') return isNotHttp(told) || isUndecodable(told) || told === unknownCoding;
  return reason === 'too-many-redirects';
}

/** undici leaves the code of its HTTP parser's errors out where the parser has no number for it. */
function isParserError(thrown: unknown): boolean {
  return Error.isError(thrown) && thrown.name === 'HTTPParserError';
}

const passing: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN']);

/**
 * Whether asking again at once makes sense: connections that break or are refused. Not timeouts, which have cost their
 * share of the time, nor names and certificates, which do not change in seconds.
 */
export function isPassing(refusal: Refusal): boolean {
  return refusal.reason === 'registry-unreachable' && passing.has(codeOf(refusal.cause) ?? '');
}
