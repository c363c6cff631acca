import { Certificate } from '../../trust/x509/certificate.ts';

/** Those of an authority with its CAs are three or four. */
const mostInToken = 5;
/** Different ones in all time stamps of a signature: each may cost the check of a CA's signature, and made-up ones cost no more than these. */
const mostInAll = 16;

/** The certificates that came along in the time stamps of one signature. Equal ones are one, so that none is checked twice. */
export class StampCertificates {
  readonly #known = new Map<string, Certificate | undefined>();

  /** Of one token. Those that do not parse are left out: the signer's is needed, and others may be of any kind. */
  read(encoded: readonly Uint8Array[]): readonly Certificate[] {
    const found = encoded.slice(0, mostInToken).map((der) => this.#read(der));
    return [...new Set(found)].filter((one) => one !== undefined);
  }

  #read(der: Uint8Array): Certificate | undefined {
    const name = Buffer.from(der).toString('latin1');
    const isKnown = this.#known.has(name) || this.#known.size >= mostInAll;
    if (!isKnown) this.#known.set(name, parsed(der));
    return this.#known.get(name);
  }
}

function parsed(der: Uint8Array): Certificate | undefined {
  try {
    return new Certificate(der);
  } catch {
    return undefined;
  }
}
