import { ia5, octets, oid, printable, sequence, setOf, utf8 } from '../../../test/fixtures/authority/der.ts';
import { dn } from '../../../test/fixtures/notary/chain.ts';
import { parseDer } from '../../der.ts';
import { nameText, readName } from './name.ts';

const textOf = (name: Buffer) => nameText(readName(parseDer(name)));
const email = '1.2.840.113549.1.9.1';

test.each<[string, Buffer, string]>([
  ['nothing', dn(), ''],
  [
    'every type that has a name',
    dn(
      ['C', 'US'],
      ['ST', 'WA'],
      ['L', 'Seattle'],
      ['STREET', '1 Main'],
      ['POSTALCODE', '98101'],
      ['O', 'acme'],
      ['OU', 'dev'],
      ['CN', 'x'],
      ['SERIALNUMBER', '7'],
    ),
    'SERIALNUMBER=7,CN=x,OU=dev,O=acme,POSTALCODE=98101,STREET=1 Main,L=Seattle,ST=WA,C=US',
  ],
  ['two of a type', dn(['OU', 'a'], ['OU', 'b']), 'OU=a+OU=b'],
  [
    'two in one set',
    sequence(setOf(sequence(oid('2.5.4.11'), utf8('a')), sequence(oid('2.5.4.10'), utf8('b')))),
    'OU=a,O=b',
  ],
  ['two common names', dn(['CN', 'a'], ['CN', 'b']), 'CN=b'],
  ['an empty common name', dn(['CN', ''], ['O', 'x']), 'O=x'],
  [
    'types without a name',
    dn([email, ia5('a@b')], ['CN', 'x'], ['1.2.3', printable('y')]),
    'CN=x,1.2.3=#130179,1.2.840.113549.1.9.1=#1603614062',
  ],
  ['characters to escape', dn(['CN', ',+"\\<>;=']), 'CN=\\,\\+\\"\\\\\\<\\>\\;='],
  ['spaces at the ends', dn(['CN', '  a  ']), 'CN=\\  a \\ '],
  ['a space alone', dn(['CN', ' ']), 'CN=\\ '],
  ['a # first', dn(['CN', '#a#']), 'CN=\\#a#'],
])('%s', (_, name, text) => {
  expect(textOf(name)).toBe(text);
});

test.each<[string, Buffer]>([
  ['another kind of string', dn(['CN', octets(Buffer.from('x'))])],
  ['a PrintableString with more in it', dn(['CN', printable('a_b')])],
  ['an attribute without a value', sequence(setOf(sequence(oid('2.5.4.3'))))],
])('%s does not parse', (_, name) => {
  expect(() => textOf(name)).toThrow();
});
