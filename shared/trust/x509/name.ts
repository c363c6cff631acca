import { type Asn1, at } from '../../der.ts';

/** An attribute of a distinguished name (RFC 5280 section 4.1.2.4). */
export interface NameAttribute {
  /** The OID of its type. */
  readonly type: string;
  readonly value: Asn1;
}

/** The types that Go's crypto/x509 keeps by name, in the order in which it writes them. */
const named: readonly (readonly [type: string, name: string])[] = [
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.3', 'CN'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.10', 'O'],
  ['2.5.4.17', 'POSTALCODE'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.6', 'C'],
];
/** Of these the last one counts, where there are several; of others all of them do. */
const single: ReadonlySet<string> = new Set(['CN', 'SERIALNUMBER']);

/** A name as it is written, in Go's order. */
export interface WrittenName {
  /** By type, as written (`CN`, `ST`), each with every value that it has; never empty. */
  readonly known: ReadonlyMap<string, readonly string[]>;
  /** Attributes that have no name there, in the certificate's order. */
  readonly others: readonly NameAttribute[];
}

/** Reads a Name as Go's pkix.Name does. Throws where it does not parse. */
export function readName(name: Asn1): WrittenName {
  const attributes = name.subs.flatMap((set) =>
    set.subs.map((one) => ({ type: at(one, 0).toOID(), value: at(one, 1) })),
  );
  const types = new Map(named);
  const values = Map.groupBy(
    attributes.map(({ type, value }) => ({ type, text: value.toText() })),
    ({ type }) => types.get(type),
  );
  const known = new Map<string, readonly string[]>();
  for (const [, type] of named) {
    const texts = (values.get(type) ?? []).map(({ text }) => text);
    const kept = single.has(type) ? texts.slice(-1).filter((text) => text !== '') : texts;
    if (kept.length > 0) known.set(type, kept);
  }
  return { known, others: attributes.filter(({ type }) => !types.has(type)) };
}

/** `CN=builder,O=acme,ST=WA,C=US`: as Go prints a pkix.Name (RFC 4514, from the last to the first). */
export function nameText({ known, others }: WrittenName): string {
  const texts = [...known].map(([type, values]) => values.map((value) => `${type}=${escaped(value)}`).join('+'));
  return [...texts, ...others.toReversed().map(({ type, value }) => `${type}=#${value.raw.toString('hex')}`)].join(',');
}

function escaped(value: string): string {
  const characters = [...value];
  return characters
    .map((one, index) => {
      const isEnd = index === 0 || index === characters.length - 1;
      const special = ',+"\\<>;'.includes(one) || (one === ' ' && isEnd) || (one === '#' && index === 0);
      return special ? `\\${one}` : one;
    })
    .join('');
}
