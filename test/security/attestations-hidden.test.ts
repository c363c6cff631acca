import { type Fault, type Intercept, type SeenRequest, times } from '../../local/registry/server.ts';
import { newKey } from '../../local/signer/signer.ts';
import {
  type AttestedImage,
  about,
  admit,
  all,
  by,
  equals,
  openAttested,
  pushImage,
  scanType,
} from '../e2e/attested.ts';
import { pod, type Response, review, type World } from '../e2e/harness.ts';
import { deploy } from './deployed.ts';

// Where every statement of a type has to be good, a failing one must not be hidden: neither behind more than is read, nor by a registry
// that does not give it, nor by the object's other images. Each with its twin: what cannot be the statement spoils nothing.

const good = { ok: true };
const failing = { ok: false };
const policies = ['Fail', 'Ignore'] as const;
type Told = Pick<Response, 'allowed' | 'code' | 'message' | 'warnings'>;

const isOk = { conditions: [all(equals('{{ ok }}', true))] };
const rule = (world: World, failurePolicy: 'Fail' | 'Ignore', asked: object = isOk) =>
  about(world, { keys: [], failurePolicy, attestations: [{ type: scanType, attestors: by(world.team), ...asked }] });

/** Nothing is remembered, and no pause that a registry asked for is left. */
async function ask(world: World, ...images: readonly AttestedImage[]): Promise<Response> {
  world.now += 25 * 3_600_000;
  return admit(world, pod(images.map(({ pinned }) => pinned)));
}

function reasonOf({ allowed, code, message, warnings }: Told): string {
  if (allowed === true) return warnings.length === 0 ? 'allowed' : `allowed, warned: ${warnings.join()}`;
  return `${code} ${/\((\S+)\):/.exec(message)?.[1] ?? message}`;
}

/** Statements of whoever may push. */
async function junk(world: World, image: AttestedImage, count: number, format: 'att' | 'bundle'): Promise<void> {
  for (let index = 0; index < count; index++)
    await image.attest({ ...failing, index }, { key: world.stranger, format });
}

describe('P5: a failing statement is hidden', () => {
  describe.each(policies)('failurePolicy %s', (failurePolicy) => {
    test.each(['att', 'bundle'] as const)('%s: behind more statements than are tried', async (format) => {
      await using it = await openAttested();
      it.policies(rule(it, failurePolicy));
      await it.image.attest(good, { format });
      await junk(it, it.image, 30, format);
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
      await junk(it, it.image, 30, format);
      await it.image.attest(failing, { format });
      expect(reasonOf(await ask(it, it.image))).toBe('403 too-many-signatures');
    });

    test('behind pages of a list that has no end', async () => {
      await using it = await openAttested();
      it.policies(rule(it, failurePolicy));
      await it.image.attest(good);
      await it.image.attest(failing, { format: 'bundle' });
      let page = 0;
      it.registry.settings.intercept = ({ kind, path }) => {
        if (kind !== 'referrers') return undefined;
        page += 1;
        const headers = { link: `<${path.split('?')[0]}?page=${page}>; rel="next"` };
        return { kind: 'body', headers, body: JSON.stringify({ schemaVersion: 2, manifests: [] }) };
      };
      expect(reasonOf(await ask(it, it.image))).toBe('403 too-many-referrers');
      it.policies(rule(it, failurePolicy, {}));
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
    });

    const isReferrer = ({ image }: { image: AttestedImage }, { kind, reference }: SeenRequest) =>
      kind === 'manifest' && reference?.startsWith('sha256:') === true && reference !== image.digest;
    const status = (code: number): Fault => ({ kind: 'status', status: code });
    /** The blob of the failing statement is the one that is asked for second. */
    const second = (fault: Fault): Intercept => {
      const seen: string[] = [];
      return ({ kind, path }) => {
        if (kind !== 'blob') return undefined;
        if (!seen.includes(path)) seen.push(path);
        return seen.indexOf(path) === 1 ? fault : undefined;
      };
    };

    const faults: readonly [string, (it: { image: AttestedImage }) => Intercept, string][] = [
      [
        'the list fails',
        () =>
          ({ kind }) =>
            kind === 'referrers' ? status(500) : undefined,
        'registry-error',
      ],
      [
        'the list is refused',
        () =>
          ({ kind }) =>
            kind === 'referrers' ? status(403) : undefined,
        'image-not-readable',
      ],
      [
        'the list never comes',
        () =>
          ({ kind }) =>
            kind === 'referrers' ? { kind: 'redirect', to: 'self' } : undefined,
        'content-missing',
      ],
      [
        'the fallback tag fails',
        () =>
          ({ kind, reference }) =>
            kind === 'manifest' && /^sha256-[0-9a-f]{64}$/.test(reference ?? '') ? status(500) : undefined,
        'registry-error',
      ],
      [
        "the bundle's manifest fails",
        (it) => (one) => (isReferrer(it, one) ? status(500) : undefined),
        'registry-error',
      ],
      [
        "the bundle's manifest is gone",
        (it) => (one) => (isReferrer(it, one) ? status(404) : undefined),
        'content-missing',
      ],
      ["the bundle's blob is gone", () => second(status(404)), 'content-missing'],
      ["the bundle's blob is refused", () => second(status(403)), 'image-not-readable'],
      ["the bundle's blob is another one", () => second({ kind: 'wrong-bytes' }), 'digest-mismatch'],
      [
        'the .att tag fails',
        () =>
          ({ kind, reference }) =>
            kind === 'manifest' && reference?.endsWith('.att') ? status(500) : undefined,
        'registry-error',
      ],
    ];

    test.each(faults)('the registry does not give it: %s', async (_, faultOf, reason) => {
      await using it = await openAttested();
      it.policies(rule(it, failurePolicy));
      await it.image.attest(good, { format: 'bundle' });
      await it.image.attest(failing, { format: 'bundle' });
      expect(reasonOf(await ask(it, it.image))).toBe('403 condition-failed');
      it.registry.settings.intercept = faultOf(it);
      const answer = await ask(it, it.image);
      const told = `${answer.message} ${answer.warnings.join()}`;
      expect(told).toContain(reason);
      // Unavailable is what Ignore admits, and says so; it is never a pass.
      if (answer.allowed) expect([failurePolicy, answer.patch, answer.warnings.length]).toEqual(['Ignore', [], 1]);
      // And nothing that was found so is remembered.
      it.registry.settings.intercept = undefined;
      expect(reasonOf(await admit(it, it.image.pinned))).toBe('403 condition-failed');
    });

    test('a fault of what can hold no statement spoils nothing', async () => {
      await using it = await openAttested();
      it.policies(rule(it, failurePolicy));
      await it.image.attest(good);
      it.registry.settings.intercept = ({ kind, reference }) =>
        kind === 'manifest' && reference?.endsWith('.sig') ? status(500) : undefined;
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
    });

    test('a registry that fails once is asked again', async () => {
      await using it = await openAttested();
      it.policies(rule(it, failurePolicy));
      await it.image.attest(good, { format: 'bundle' });
      it.registry.settings.intercept = times(1, ({ kind }) => (kind === 'referrers' ? status(500) : undefined));
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
    });
  });

  describe.each(policies)('by the bytes that a review may read, failurePolicy %s', (failurePolicy) => {
    const large = (fill: string, count = 30_000) => ({ pad: fill.repeat(count) });
    const strangers = async (world: World, image: AttestedImage, count: number) => {
      for (let index = 0; index < count; index++)
        await image.attest({ index, ...large('y') }, { key: world.stranger, format: 'bundle' });
    };
    /** One instance, which reads some of such statements for a review and not all; the ledger is its own. */
    async function withInstance(
      world: World,
      use: (ask: (...images: AttestedImage[]) => Promise<string>) => Promise<void>,
    ) {
      const policies = [rule(world, failurePolicy)];
      const deployed = deploy({ policies, door: { addresses: 'any' }, reviewBytes: 300_000 });
      await use(async (...images) => {
        return reasonOf(await deployed.send(review(pod(images.map(({ pinned }) => pinned)))));
      });
      await deployed.close();
    }

    test('of the object’s other images: and nobody is told of a pass afterwards', async () => {
      await using it = await openAttested();
      await it.image.attest(good);
      // The largest is read last.
      await it.image.attest({ ...failing, ...large('x', 90_000) }, { format: 'bundle' });
      const siblings: AttestedImage[] = [];
      for (let index = 0; index < 5; index++) {
        const one = await pushImage(it, { repository: `acme/sibling${index}`, label: String(index) });
        await one.attest({ ...good, index });
        await strangers(it, one, 1);
        siblings.push(one);
      }
      for (const order of [
        [it.image, ...siblings],
        [...siblings, it.image],
      ]) {
        await withInstance(it, async (ask) => {
          expect(await ask(...order)).toMatch(/^403 /);
          expect(await ask(it.image)).toBe('403 condition-failed');
          // Each of the others is good by itself.
          for (const one of siblings) expect(await ask(one)).toBe('allowed');
        });
      }
    });

    test('of strangers’ statements beside it', async () => {
      await using it = await openAttested();
      await it.image.attest(good);
      await strangers(it, it.image, 3);
      await withInstance(it, async (ask) => expect(await ask(it.image)).toBe('allowed'));
      await strangers(it, it.image, 9);
      await it.image.attest({ ...failing, ...large('x') }, { format: 'bundle' });
      await withInstance(it, async (ask) => expect(await ask(it.image)).toBe('403 review-too-large'));
    });
  });

  describe('by what it is', () => {
    /** A statement about the image and many others. */
    const naming = (digest: string, predicate: object, others: number) =>
      Buffer.from(
        JSON.stringify({
          _type: 'https://in-toto.io/Statement/v1',
          predicateType: scanType,
          subject: [
            ...Array.from({ length: others }, (_, index) => index.toString(16).padStart(64, '0')),
            digest.slice(7),
          ].map((sha256) => ({ digest: { sha256 } })),
          predicate,
        }),
      );

    test('one of a job that scans thousands of images counts as any other', async () => {
      await using it = await openAttested();
      it.policies(rule(it, 'Fail'));
      await it.image.attest(good);
      await it.image.attest({}, { payload: naming(it.image.digest, good, 2000) });
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
      await it.image.attest({}, { payload: naming(it.image.digest, failing, 2000) });
      expect(reasonOf(await ask(it, it.image))).toBe('403 condition-failed');
    });

    test('in another form than the good one', async () => {
      await using it = await openAttested();
      it.policies(rule(it, 'Fail'));
      const other = newKey();
      await it.image.attest(good, { format: 'bundle' });
      await it.image.attest(failing, { key: other, format: 'att' });
      expect(reasonOf(await ask(it, it.image))).toBe('allowed');
      await it.image.attest(failing, { format: 'att' });
      expect(reasonOf(await ask(it, it.image))).toBe('403 condition-failed');
    });
  });
});
