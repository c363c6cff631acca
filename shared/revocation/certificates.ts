import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock, Elapsed } from '../net/deadline.ts';
import type { Metrics } from '../net/metrics.ts';
import { inSlices } from '../net/slices.ts';
import type { Spending } from '../net/spending.ts';
import type { Certificate } from '../trust/x509/certificate.ts';
import { type Crl, checkContinues, checkScope, entriesOf, largestCrl, readCrl } from './crl.ts';
import { Kept } from './kept.ts';
import { readOcspAnswer } from './ocsp-answer.ts';
import { certificateId, ocspRequest } from './ocsp-request.ts';
import { type Places, placesOf } from './places.ts';
import { type Responders, whyNot } from './responders.ts';
import { serialOf } from './signed.ts';
import { type Entry, NoWord, type Word } from './word.ts';

export interface CertificatesOptions {
  readonly responders: Responders;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** Counts what nobody would say: `revocation-unknown`, with who was asked. */
  readonly metrics?: Metrics;
  /** Milliseconds for an answer of OCSP (2000), and for a CRL (5000). */
  readonly ocspMs?: number | undefined;
  readonly crlMs?: number | undefined;
}

/** A certificate, and who issued it. */
export interface Issued {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

/** A list, or why there is none. */
type CrlOrWhy = Crl | { readonly why: string; readonly until: number };

/** Milliseconds for which a word is believed at most, whatever it says itself; */
export const longest = 15 * 60_000;
/** and for which it is not asked again where none came. */
const shortest = 10_000;

/** Bytes of an OCSP answer. */
const largestAnswer = 20 * 1024;
/** Length in base64 from which a request is not written into a URL (RFC 5019 section 5). */
const longestInUrl = 255;
const maxWords = 2000;
/** Bytes of CRLs that an instance keeps: two of the largest. */
const keptCrls = 2 * largestCrl;

/**
 * What is known of certificates: by OCSP, and where that comes to nothing by CRLs (RFC 6960, RFC 5280 section 6.3). Each word is kept in
 * this instance for as long as it says, 15 minutes at most, and that there is none for ten seconds; who asks meanwhile waits for one answer.
 */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #words: Kept<Word>;
  readonly #crls: Kept<CrlOrWhy>;

  constructor(options: CertificatesOptions) {
    const { clock } = options;
    this.#options = options;
    this.#words = new Kept(clock, new LRUCache({ max: maxWords }));
    const sizeCalculation = (kept: CrlOrWhy) => ('size' in kept ? kept.size : 0) + 1024;
    this.#crls = new Kept(clock, new LRUCache({ maxSize: keptCrls, sizeCalculation }));
  }

  /** Rejects with Refusal alone, `deadline` or `review-too-large`, where the allowance ends. */
  word(issued: Issued, allowance: Spending): Promise<Word> {
    return this.#words.get(nameOf(issued), allowance, (spending) => this.#ask(issued, spending));
  }

  async #ask(issued: Issued, allowance: Spending): Promise<Word> {
    let places: Places;
    try {
      places = placesOf(issued.certificate);
    } catch (thrown) {
      return this.#none(`where one may ask is not understood: ${whyNot(thrown)}`);
    }
    const { responders, crls } = places;
    if (responders.length === 0 && crls.length === 0) {
      return { known: true, entries: [], from: undefined, until: this.#until(Number.POSITIVE_INFINITY) };
    }
    const whys: string[] = [];
    for (const url of responders) {
      const from = `the OCSP responder ${url}`;
      try {
        const answer = await this.#ocsp(url, issued, allowance);
        if (answer !== undefined) return { known: true, ...answer, from, until: this.#until(answer.until) };
        whys.push(`${from}: it does not know the certificate`);
        break;
      } catch (thrown) {
        whys.push(`${from}: ${whyNot(thrown)}`);
      }
    }
    if (crls.length === 0) return this.#none(whys.join('; '));
    const listed = await this.#listed(crls, issued, allowance);
    if ('entries' in listed) {
      return { known: true, ...listed, from: crls.map(crlAt).join(' and '), until: this.#until(listed.until) };
    }
    return this.#none([...whys, listed.why].join('; '));
  }

  #none(why: string): Word {
    this.#options.metrics?.count('revocation-unknown', { asked: 'responders' });
    return { known: false, why, until: this.#options.clock() + shortest };
  }

  #until(end: number): number {
    return Math.min(end, this.#options.clock() + longest);
  }

  /** `undefined`: it knows of no such certificate, and other responders are not asked. */
  async #ocsp(
    url: string,
    { certificate, issuer }: Issued,
    allowance: Spending,
  ): Promise<{ readonly entries: readonly Entry[]; readonly until: number } | undefined> {
    const { responders, clock, ocspMs = 2000 } = this.#options;
    const id = certificateId(certificate, issuer);
    const request = ocspRequest(id);
    const inUrl = request.toString('base64');
    const wanted = { maxBytes: largestAnswer, timeoutMs: ocspMs, what: 'the status of a certificate' };
    const accept = { accept: 'application/ocsp-response' };
    const bytes =
      inUrl.length < longestInUrl
        ? await responders.ask(
            `${url.replace(/\/$/, '')}/${encodeURIComponent(inUrl)}`,
            { ...wanted, headers: accept },
            allowance,
          )
        : await responders.ask(
            url,
            {
              ...wanted,
              method: 'POST',
              headers: { ...accept, 'content-type': 'application/ocsp-request' },
              body: request,
            },
            allowance,
          );
    const { status, entries, until } = readOcspAnswer(bytes, { id, issuer, now: clock() });
    return status === 'unknown' ? undefined : { entries, until };
  }

  /** What all of its lists say together; each must be had. */
  async #listed(
    urls: readonly string[],
    issued: Issued,
    allowance: Spending,
  ): Promise<{ readonly entries: readonly Entry[]; readonly until: number } | { readonly why: string }> {
    const entries: Entry[] = [];
    let until = Number.POSITIVE_INFINITY;
    for (const url of urls) {
      try {
        for (const crl of await this.#listsAt(url, urls, issued, allowance)) {
          entries.push(...(await this.#search(crl, issued, allowance)));
          until = Math.min(until, crl.until);
        }
      } catch (thrown) {
        return { why: `${crlAt(url)}: ${whyNot(thrown)}` };
      }
    }
    return { entries, until };
  }

  /** The list, and where it says where changes of it are, those. */
  async #listsAt(
    url: string,
    urls: readonly string[],
    { certificate, issuer }: Issued,
    allowance: Spending,
  ): Promise<readonly Crl[]> {
    const base = await this.#crl(url, issuer, allowance);
    if (base.changesSince !== undefined) throw new NoWord('it lists changes alone');
    checkScope(base, certificate, urls);
    if (base.freshest.length === 0) return [base];
    const whys: string[] = [];
    for (const place of base.freshest) {
      try {
        const delta = await this.#crl(place, issuer, allowance);
        checkContinues(base, delta);
        checkScope(delta, certificate, [...urls, ...base.freshest]);
        return [base, delta];
      } catch (thrown) {
        whys.push(`its changes at ${place}: ${whyNot(thrown)}`);
      }
    }
    throw new NoWord(whys.join('; '));
  }

  /** Throws NoWord. */
  async #crl(url: string, issuer: Certificate, allowance: Spending): Promise<Crl> {
    const name = `${fingerprint(issuer)} ${url}`;
    const kept = await this.#crls.get(name, allowance, (spending) => this.#fetch(url, issuer, spending));
    if ('why' in kept) throw new NoWord(kept.why);
    return kept;
  }

  async #fetch(url: string, issuer: Certificate, allowance: Spending): Promise<CrlOrWhy> {
    const { responders, clock, crlMs = 5000 } = this.#options;
    const wanted = { maxBytes: largestCrl, timeoutMs: crlMs, what: 'a CRL', large: true };
    try {
      const crl = readCrl(await responders.ask(url, wanted, allowance), issuer, clock());
      return { ...crl, until: this.#until(crl.until) };
    } catch (thrown) {
      return { why: whyNot(thrown), until: clock() + shortest };
    }
  }

  #search(crl: Crl, { certificate }: Issued, allowance: Spending): Promise<readonly Entry[]> {
    const { elapsed } = this.#options;
    // Behind another search of the same review it has not waited for the object's other images.
    const { waited: _, ...slicing } = allowance;
    return inSlices(entriesOf(crl, serialOf(certificate)), { ...slicing, elapsed, what: 'a CRL was searched' });
  }
}

function crlAt(url: string): string {
  return `the CRL ${url}`;
}

function nameOf({ certificate, issuer }: Issued): string {
  return `${fingerprint(certificate)} ${fingerprint(issuer)}`;
}

function fingerprint({ der }: Certificate): string {
  return createHash('sha256').update(der).digest('base64');
}
