import { makeImage, type NotarySigner, signNotary } from '../../local/signer/signer.ts';
import { at, parseDer } from '../../shared/der.ts';
import { monotonic } from '../../shared/net/deadline.ts';
import { startServer } from '../../shared/net/testing/server.ts';
import { openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import { now } from '../fixtures/ask.ts';
import { authorityInfoAccess, ocspAnswer, type Revoker } from '../fixtures/authority/revocation.ts';
import { makeTimestampAuthority } from '../fixtures/authority/tsa.ts';
import { authorityExtensions, makeChain, validity } from '../fixtures/notary/chain.ts';
import { decide, good, minute, rootIn, storeOf } from '../fixtures/notary/decide.ts';
import { makeNotaryChain } from '../fixtures/notary.ts';

// Whose certificate was revoked, and who attaches signatures, are the same here: the signer signs on, and wants to be let in under Ignore.

type Serve = 'good' | 'revoked' | 'broken' | 'never';
const served = new Map<string, Serve>();
let server: Awaited<ReturnType<typeof startServer>>;
let world: World;
/** A chain whose signer and intermediate each name a responder. */
let chain: ReturnType<typeof makeNotaryChain>;

beforeAll(async () => {
  server = await startServer((request, response) => {
    const name = (request.url ?? '').split('/')[1] ?? '';
    const serve = served.get(name) ?? 'broken';
    const [leaf, middle, root] = chain.certificates;
    const [, middleKey, rootKey] = chain.keys;
    if (serve === 'never') return;
    if (serve === 'broken' || !leaf || !middle || !root || !middleKey || !rootKey) {
      response.writeHead(500).end();
      return;
    }
    const when = new Date(world.now);
    const [about, by]: [typeof leaf, Revoker] =
      name === 'leaf'
        ? [leaf, { certificate: middle, key: middleKey, at: when }]
        : [middle, { certificate: root, key: rootKey, at: when }];
    response.end(ocspAnswer(by, about, serve === 'good' ? {} : { status: {} }));
  });
  const named = ['leaf', 'middle'];
  chain = makeNotaryChain({
    moreExtensions: (place) => {
      const name = named[place];
      return name === undefined ? [] : [authorityInfoAccess([`${server.url}/${name}`])];
    },
  });
  world = await openWorld({ core: { elapsed: monotonic } });
});
afterAll(() => Promise.all([world.close(), server.close()]));
beforeEach(() => {
  served.clear();
  server.requests.length = 0;
  // What nobody could say, and which hosts do not answer, is known for ten seconds.
  world.now += 20 * minute;
});

/** What becomes of an image that is signed so, in a review of a second under Ignore. */
async function admitted(cert: string, signer: NotarySigner = chain.signer): Promise<string> {
  const label = `${world.now}-${Math.random()}`;
  const digest = await makeImage(world.destination, 'shop/web', '1', { label });
  await signNotary(world.destination, { repository: 'shop/web', digest, signer, signedAt: new Date('2025-12-01') });
  const attestors = [{ entries: [{ certificates: { cert } }] }];
  const spec = ['webhookTimeoutSeconds: 1'];
  world.policies(policy({ images: '*', attestors, entry: ['type: Notary'], failurePolicy: 'Ignore', spec }));
  const image = `${world.registry.host}/shop/web@${digest}`;
  const { allowed, warnings, message } = await world.send('/mutate', review(pod([image])), { timeout: '1s' });
  if (allowed) return warnings.length === 0 ? 'allowed' : 'warned';
  return /\(([a-z-]+)\): /.exec(message)?.[1] ?? message;
}

const asked = () => new Set(server.requests.map(({ path }) => path.split('/')[1]));

describe('A17: a revoked signer, where another responder of the chain never answers', () => {
  test('is denied, whatever is not known beside it', async () => {
    served.set('leaf', 'revoked').set('middle', 'never');
    expect(await admitted(chain.root.pem)).toBe('certificate-revoked');
  });

  test('one of whom nobody says so is let in with a warning, and one that is good without', async () => {
    served.set('leaf', 'good').set('middle', 'broken');
    expect(await admitted(chain.root.pem)).toBe('warned');
    world.now += minute;
    served.set('middle', 'good');
    expect(await admitted(chain.root.pem)).toBe('allowed');
  });
});

describe('A18: certificates above the one that a rule names, which whoever attaches a signature makes up', () => {
  /** The signer's own certificate below others: of the same name and key, with a responder that the attacker chose. */
  function forged(): NotarySigner {
    const [leaf, middle] = chain.certificates;
    const [, key] = chain.keys;
    if (leaf === undefined || middle === undefined || key === undefined) throw new Error('a chain of three');
    const extensions = [...authorityExtensions, authorityInfoAccess([`${server.url}/chosen`])];
    const { certificates } = makeChain({ length: 2, leaf: { subject: middle.subject, spki: key.spki, extensions } });
    return { ...chain.signer, chain: [leaf.der, ...certificates.map(({ der }) => der)] };
  }

  test('say neither whom we call nor that nobody can say whether the signer was revoked', async () => {
    served.set('leaf', 'revoked').set('chosen', 'never');
    expect(await admitted(chain.leaf.pem, forged())).toBe('certificate-revoked');
    served.set('leaf', 'broken');
    world.now += 20 * minute;
    expect(await admitted(chain.leaf.pem, forged())).toBe('certificate-untrusted');
    expect(asked()).toEqual(new Set(['leaf']));
  });

  test('a signer who is good is let in', async () => {
    served.set('leaf', 'good').set('middle', 'good');
    expect(await admitted(chain.leaf.pem, forged())).toBe('allowed');
    expect(await admitted(chain.leaf.pem)).toBe('allowed');
    expect(asked()).toEqual(new Set(['leaf']));
  });
});

describe('A6: a time-stamp authority whose certificate was revoked', () => {
  const stamper = makeTimestampAuthority(validity);
  const stamp = (bytes: Uint8Array) => at(parseDer(stamper.stamp(bytes, new Date(now))), 1).raw;
  const question = {
    signing: { stamp },
    statement: { stores: [rootIn('ca'), storeOf('tsa', [stamper.root])] },
    at: validity.notAfter.getTime() + 1000,
  };

  test('stamps nothing that counts; one that was not does', () => {
    const revoked = { status: 'revoked', message: 'says the CA', until: question.at + minute } as const;
    const isStamper = (der: Buffer | undefined) => der?.equals(stamper.leaf.der) === true;
    const outcome = decide({
      ...question,
      revocation: (one) => (one.what === 'chain' && isStamper(one.chain[0]?.der) ? revoked : good(question.at)),
    });
    expect(outcome).toMatchObject({ pass: false, reason: 'certificate-revoked' });
    expect(decide(question)).toMatchObject({ pass: true });
  });
});
