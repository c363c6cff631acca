import { ask, reasonOf } from '../../../test/fixtures/ask.ts';
import {
  extension,
  githubClaims,
  githubIssuer,
  githubSubject,
  type SubjectName,
} from '../../../test/fixtures/authority/certificate.ts';
import { carriers } from '../../../test/fixtures/carriers.ts';
import { entryOf, keylessOf, keysOf, setOf } from '../../../test/fixtures/entries.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import {
  byWorkflow,
  decide,
  image,
  type Question,
  type Twins,
  testTwins,
  usual,
  usualRoot,
  workflow,
} from '../../../test/fixtures/twins.ts';
import type { KeylessAttestor } from '../../policy/policy.ts';
import type { AttachedItem } from '../../registry/registry.ts';

const named = (...names: readonly SubjectName[]) => ({ certificate: { names } });
const subject = (wanted: string, ...names: readonly SubjectName[]): Question => ({
  ...workflow({ subject: wanted }),
  ...(names.length === 0 ? {} : { signing: named(...names) }),
});

function subjects(
  name: string,
  wrong: Question,
  right: Question,
  message = /^signed by .*; the policy wants subject /,
): Twins {
  return { name, wrong, right, reason: 'subject-mismatch', message };
}

describe('who signed', () => {
  const otherIssuer = githubClaims({ issuer: 'https://accounts.test' });
  const swapped = { ...githubClaims(), 1: githubIssuer, 8: 'https://accounts.test' };
  const extensions = {
    githubWorkflowTrigger: ['push', 'pull_request'],
    githubWorkflowSha: ['a'.repeat(40), 'b'.repeat(40)],
    githubWorkflowName: ['release', 'Release'],
    githubWorkflowRepository: ['acme/app', 'acme/ap'],
    githubWorkflowRef: ['refs/heads/*', 'refs/tags/*'],
    '1.3.6.1.4.1.57264.1.2': ['push', 'pus'],
    '1.3.6.1.4.1.57264.1.9': [githubSubject, 'x'],
    '1.3.6.1.4.1.57264.1.11': ['github-hosted', 'self-hosted'],
    '1.3.6.1.4.1.57264.1.12': ['https://github.com/acme/app', 'https://github.com/acme/app2'],
    '1.3.6.1.4.1.57264.1.16': ['https://github.com/acme', 'https://github.com/acm?e'],
    '1.3.6.1.4.1.57264.1.22': ['public', 'private'],
  };

  testTwins([
    {
      name: 'another issuer',
      wrong: { signing: { certificate: { claims: otherIssuer } } },
      reason: 'issuer-mismatch',
      message:
        /^signed by \S+ \(issuer https:\/\/accounts\.test\); the policy wants subject \S+, issuer https:\/\/token/,
    },
    {
      name: 'an issuer whose older extension alone is the wanted one',
      wrong: { signing: { certificate: { claims: swapped } } },
      right: { signing: { certificate: { claims: { 1: githubIssuer } } } },
      reason: 'issuer-mismatch',
      message: /issuer https:\/\/accounts\.test/,
    },
    {
      name: 'no issuer',
      wrong: { signing: { certificate: { claims: {} } } },
      reason: 'issuer-mismatch',
      message: /^signed by \S+; the policy wants/,
    },
    {
      name: 'no issuer, where any is wanted',
      wrong: { ...workflow({ issuer: '*' }), signing: { certificate: { claims: {} } } },
      right: workflow({ issuer: '*' }),
      reason: 'issuer-mismatch',
      message: /the policy wants subject \S+, issuer \*$/,
    },
    ...['https://token.actions.githubusercontent.co', `${githubIssuer}/`, 'https://token?actions'].map(
      (issuer): Twins => ({
        name: `issuer ${issuer}`,
        wrong: workflow({ issuer }),
        right: workflow({ issuer: 'https://token?actions.*' }),
        reason: 'issuer-mismatch',
        message: /the policy wants/,
      }),
    ),
    subjects('another subject', { signing: named({ uri: `${githubSubject}2` }) }, {}),
    subjects('a part of the subject', subject('https://github.com/acme/app'), subject('https://github.com/acme/app*')),
    subjects(
      'a dot that is no wildcard',
      subject(githubSubject.replace('.com', '?com?')),
      subject(githubSubject.replace('.com', '?com')),
    ),
    subjects('a regular expression', subject('https://.*'), subject('https://*')),
    subjects('other case', subject(githubSubject.toUpperCase()), subject(githubSubject)),
    subjects('no name at all', { signing: named() }, {}, /^signed by nobody \(issuer /),
    subjects('no name, where any is wanted', { ...subject('*'), signing: named() }, subject('*')),
    subjects('an empty name', { ...subject('*'), signing: named({ uri: '' }) }, subject('*')),
    subjects(
      'a name of another kind of otherName',
      subject('*', { otherName: 'bob', type: '1.3.6.1.4.1.311.20.2.3' }),
      subject('*', { otherName: 'bob' }),
    ),
    ...(
      [
        ['URI', 'https://ci.test/a', { uri: 'https://ci.test/a' }, { uri: 'https://ci.test/b' }],
        ['e-mail address', 'dev@acme.test', { email: 'dev@acme.test' }, { email: 'xdev@acme.test' }],
        ['DNS name', 'acme.test', { dns: 'acme.test' }, { dns: 'acme.test.evil.test' }],
        ['IPv4 address', '192.0.2.1', { ip: '192.0.2.1' }, { ip: '192.0.2.11' }],
        ['IPv6 address', '2001:db8::1', { ip: '2001:db8:0:0:0:0:0:1' }, { ip: '2001:db8:0:0:0:0:1:1' }],
        ['user name', 'somebody', { otherName: 'somebody' }, { otherName: 'somebody else' }],
      ] as const
    ).map(([kind, wanted, good, bad]) => subjects(kind, subject(wanted, bad), subject(wanted, good))),
    subjects(
      'none of several names',
      subject('acme.test', { dns: 'a.test' }, { email: 'a@acme.test' }),
      subject('acme.test', { dns: 'a.test' }, { dns: 'acme.test' }),
      /^signed by a\.test and a@acme\.test \(issuer /,
    ),
    subjects(
      'a name in the subject of the certificate alone',
      {
        ...subject('*'),
        signing: { certificate: { names: [], extensions: [extension('2.5.29.18', Buffer.from('3000', 'hex'))] } },
      },
      subject('*'),
    ),
    ...Object.entries(extensions).map(
      ([name, [good = '', bad = '']]): Twins => ({
        name: `the extension ${name}`,
        wrong: workflow({ additionalExtensions: { [name]: bad } }),
        right: workflow({ additionalExtensions: { [name]: good } }),
        reason: 'extension-mismatch',
        message: new RegExp(`^signed by .*, with .* there; the policy wants .*${name.replaceAll('.', '\\.')} `),
      }),
    ),
    {
      name: 'an extension that is not there',
      wrong: workflow({ additionalExtensions: { '1.3.6.1.4.1.57264.1.23': '*' } }),
      right: workflow({ additionalExtensions: { '1.3.6.1.4.1.57264.1.22': '*' } }),
      reason: 'extension-mismatch',
      message: /^signed by .*, without that extension; the policy wants /,
    },
    {
      name: 'the second of two extensions',
      wrong: workflow({ additionalExtensions: { githubWorkflowTrigger: 'push', githubWorkflowRef: 'main' } }),
      right: workflow({
        additionalExtensions: { githubWorkflowTrigger: 'push', githubWorkflowRef: 'refs/heads/main' },
      }),
      reason: 'extension-mismatch',
      message: /with refs\/heads\/main there/,
    },
  ]);
});

describe('one signature has to meet everything', () => {
  const stranger = githubClaims({ issuer: 'https://accounts.test' });
  const bothOf = (...items: readonly AttachedItem[]) => items;
  const verdict = (items: readonly AttachedItem[], attestor: KeylessAttestor, annotations = {}) =>
    reasonOf(ask(entryOf([setOf([attestor])], { annotations }), image, items, { root: usualRoot }));

  test.each(carriers)('$name: two halves of two signatures are denied, in either order', (carrier) => {
    const item = (signing: Parameters<typeof carrier.item>[2] = {}) => carrier.item(usual, image, signing);
    const halves: [AttachedItem, AttachedItem, KeylessAttestor, Record<string, string>, string][] = [
      [
        item({ certificate: { names: [{ uri: githubSubject }], claims: stranger } }),
        item({ certificate: { names: [{ uri: 'https://other.test' }] } }),
        byWorkflow,
        {},
        'subject-mismatch',
      ],
      [
        item({ certificate: { claims: githubClaims({ ref: 'refs/heads/dev' }) } }),
        item({ certificate: { names: [{ uri: 'https://other.test' }] } }),
        { ...byWorkflow, additionalExtensions: { githubWorkflowRef: 'refs/heads/main' } },
        {},
        'extension-mismatch',
      ],
      [
        item({ logs: [] }),
        item({ certificate: { names: [{ uri: 'https://other.test' }] } }),
        byWorkflow,
        {},
        'subject-mismatch',
      ],
    ];
    if (carrier.format !== 'message') {
      halves.push([
        item({ annotations: { env: 'dev' } }),
        item({ annotations: { env: 'prod' }, certificate: { names: [{ uri: 'https://other.test' }] } }),
        byWorkflow,
        { env: 'prod' },
        'subject-mismatch',
      ]);
    }
    for (const [one, other, attestor, annotations, reason] of halves) {
      expect(verdict(bothOf(one, other), attestor, annotations)).toBe(reason);
      expect(verdict(bothOf(other, one), attestor, annotations)).toBe(reason);
      const whole = item(carrier.format === 'message' ? {} : { annotations: { env: 'prod' } });
      expect(verdict(bothOf(one, other, whole), attestor, annotations)).toBe('pass');
    }
  });
});

describe('a count is of signers', () => {
  const [carrier] = carriers;
  if (carrier === undefined) throw new Error('no carrier');
  const two = (...entries: Parameters<typeof setOf>[0]) => entryOf([setOf(entries, 2)]);
  const by = (wanted: string) => keylessOf({ issuer: githubIssuer, subject: wanted });
  const asked = (entry: ReturnType<typeof two>, ...items: readonly AttachedItem[]) =>
    reasonOf(ask(entry, image, items, { root: usualRoot }));
  const signed = (signing: Parameters<typeof carrier.item>[2]) => carrier.item(usual, image, signing);

  test('a certificate with two names is one signer', () => {
    const entry = two(by('a.test'), by('b.test'));
    expect(asked(entry, signed(named({ dns: 'a.test' }, { dns: 'b.test' })))).toBe('too-few-attestors');
    expect(asked(entry, signed(named({ dns: 'a.test' })), signed(named({ dns: 'b.test' })))).toBe('pass');
  });

  test('one key in two certificates is one signer', () => {
    const entry = two(by('a.test'), by('b.test'));
    const signer = makeSigner();
    const certified = (dns: string) => signed({ signer, ...named({ dns }) });
    expect(asked(entry, certified('a.test'), certified('b.test'))).toBe('too-few-attestors');
    expect(asked(entry, certified('a.test'), signed(named({ dns: 'b.test' })))).toBe('pass');
  });

  test('a key that the policy names is no second signer beside its certificate', () => {
    const signer = makeSigner();
    const entry = two(by('*.test'), keysOf(signer));
    const own = signed({ signer, ...named({ dns: 'a.test' }) });
    expect(asked(entry, own)).toBe('too-few-attestors');
    const other = signed(named({ dns: 'b.test' }));
    expect(asked(entry, other, own)).toBe('pass');
    expect(asked(entry, own, other)).toBe('pass');
  });

  test('whoever may stand for several attestors leaves those to others', () => {
    const entry = two(by('*.test'), by('*.test'));
    const [alice, bob] = ['a.test', 'b.test'].map((dns) => signed(named({ dns })));
    if (alice === undefined || bob === undefined) throw new Error('nobody');
    expect(asked(entry, alice)).toBe('too-few-attestors');
    expect(asked(entry, alice, bob)).toBe('pass');
  });

  test('one name in two certificates is one signer, unless another issuer says so', () => {
    const entry = two(by('a.test'), keylessOf({ issuer: 'https://accounts.test', subject: 'a.test' }));
    const other = githubClaims({ issuer: 'https://accounts.test' });
    const same = two(by('a.test'), by('a.*'));
    const one = signed(named({ dns: 'a.test' }));
    expect(asked(same, one, signed(named({ dns: 'a.test' })))).toBe('too-few-attestors');
    expect(asked(entry, one, signed({ certificate: { names: [{ dns: 'a.test' }], claims: other } }))).toBe('pass');
  });
});

describe.each(carriers)('$name', (carrier) => {
  test('what passes says who signed, and who says so', () => {
    const outcome = decide(carrier);
    expect(outcome).toMatchObject({
      pass: true,
      signers: [
        { attestor: 'attestors[0].entries[0]', kind: 'identity', identity: githubSubject, issuer: githubIssuer },
      ],
    });
    expect(outcome).not.toHaveProperty('validUntil');
    expect(outcome.attestors[0]?.children?.[0]).toMatchObject({
      identity: githubSubject,
      message: `a signature by ${githubSubject} (issuer ${githubIssuer}) verifies`,
    });
  });

  // Whoever pushed the image attached it: it must be no failure of ours, which failurePolicy Ignore admits.
  test.each<[string, Question]>([
    [
      'names',
      { signing: { certificate: { names: [], extensions: [extension('2.5.29.17', Buffer.from('30028205', 'hex'))] } } },
    ],
    ['the issuer', { signing: { certificate: { claims: { ...githubClaims(), 8: Buffer.from('0400', 'hex') } } } }],
    [
      'an extension',
      {
        ...workflow({ additionalExtensions: { '1.3.6.1.4.1.57264.1.9': '*' } }),
        signing: { certificate: { claims: { ...githubClaims(), 9: Buffer.from('0c', 'hex') } } },
      },
    ],
    [
      'two extensions of one kind',
      { signing: { certificate: { extensions: [extension('1.3.6.1.4.1.57264.1.8', Buffer.from('0c0161', 'hex'))] } } },
    ],
  ])('%s that do not parse: denied, and no hindrance to another signature', (_, question) => {
    expect(reasonOf(decide(carrier, question))).toMatch(/^certificate-(?:usage|untrusted)$/);
    const { attestor = byWorkflow, signing = {} } = question;
    const items = [carrier.item(usual, image, signing), carrier.item(usual, image)];
    expect(ask(entryOf([setOf([attestor])]), image, items, { root: usualRoot }).pass).toBe(true);
  });

  test('a signature without a certificate', () => {
    const outcome = decide(carrier, { signing: { certificate: 'none' } });
    expect(outcome).toMatchObject({ pass: false, reason: 'certificate-missing' });
    expect(outcome.pass || outcome.message).toMatch(
      /^no signature carries a certificate \(1 signature tried\); the policy wants subject /,
    );
  });
});
