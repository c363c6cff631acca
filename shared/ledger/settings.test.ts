import { ownCredentials } from '../plan/credentials.ts';
import { parseDuration } from './duration.ts';
import { defaultLedgerSettings, LedgerSettingsError, parseLedgerSettings } from './settings.ts';
import {
  admit,
  app,
  ask,
  askedBy,
  check,
  createWorld,
  deadline,
  digestA,
  start,
  verificationOf,
} from './testing/world.ts';

describe('parsing', () => {
  test("Kyverno's defaults: on, 1000, 60 minutes", () => {
    expect(parseLedgerSettings({})).toEqual({ enabled: true, maxSize: 1000, ttlMs: 3_600_000, tagPointers: 'on' });
  });

  test('0 means the default', () => {
    const zeros = { imageVerifyCacheMaxSize: '0', imageVerifyCacheTTLDuration: '0' };
    expect(parseLedgerSettings(zeros)).toEqual(defaultLedgerSettings);
    expect(parseLedgerSettings({ imageVerifyCacheTTLDuration: '0s' }).ttlMs).toBe(3_600_000);
  });

  test('every setting is read', () => {
    const values = {
      imageVerifyCacheEnabled: 'false',
      imageVerifyCacheMaxSize: '50',
      imageVerifyCacheTTLDuration: '1h30m',
      tagPointers: 'off',
    };
    expect(parseLedgerSettings(values)).toEqual({ enabled: false, maxSize: 50, ttlMs: 5_400_000, tagPointers: 'off' });
  });

  test('a TTL over 24 h is refused, 24 h is not', () => {
    expect(parseLedgerSettings({ imageVerifyCacheTTLDuration: '24h' }).ttlMs).toBe(86_400_000);
    expect(() => parseLedgerSettings({ imageVerifyCacheTTLDuration: '24h1ms' })).toThrow('imageVerifyCacheTTLDuration');
  });

  test('all problems are told at once', () => {
    const values = {
      imageVerifyCacheEnabled: 'yes',
      imageVerifyCacheMaxSize: '-1',
      imageVerifyCacheTTLDuration: '60',
      tagPointers: 'true',
    };
    let thrown: unknown;
    try {
      parseLedgerSettings(values);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LedgerSettingsError);
    expect(thrown).toMatchObject({
      problems: [
        'imageVerifyCacheEnabled: "yes" is not true or false',
        'imageVerifyCacheMaxSize: "-1" is not a whole number from 0 to 100000',
        'imageVerifyCacheTTLDuration: "60" is not a duration from 0 to 24h, such as 60m or 1h30m',
        'tagPointers: "true" is not on or off',
      ],
    });
  });

  test.each([
    ['60m', 3_600_000],
    ['1h15m30.5s', 4_530_500],
    ['.5s', 500],
    ['+5m', 300_000],
    ['250ms', 250],
    ['3us', 0.003],
    ['0', 0],
    ['-1m', -60_000],
  ])('Go duration %s', (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms, 9));

  test.each(['', '60', 'm', '1d', '1h 30m', '1.2.3s', '.s', '∞', '1e3s'])('%j is no Go duration', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('what the settings do', () => {
  // A default of one hour that is multiplied once too often keeps a verification for 91 years (kyverno-notation-aws, main.go).
  test('by default a verification lives 3600 seconds', async () => {
    const world = createWorld();
    const ledger = world.ledger(parseLedgerSettings({}));
    await admit(ledger);
    const item = world.written.find(({ pk }) => pk.startsWith('img#'));
    expect((item?.deleteAt ?? 0) - start / 1000).toBe(3600);
    expect(item?.expiresAt).toBe(start + 3_600_000);
    world.time.now = start + 3_599_999;
    expect(await ask(ledger)).toBeDefined();
    expect(await ask(world.ledger())).toBeDefined();
    world.time.now = start + 3_600_000;
    expect(await ask(ledger)).toBeUndefined();
    expect(await ask(world.ledger())).toBeUndefined();
  });

  test('a verification ends with the evidence that it rests on', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    await admit(ledger, { found: verificationOf(digestA, { validUntil: start + 5000 }) });
    world.time.now = start + 4999;
    expect(await ask(ledger)).toBeDefined();
    world.time.now = start + 5000;
    expect(await ask(ledger)).toBeUndefined();

    await admit(ledger, { found: verificationOf(digestA, { validUntil: start + 5000 }) });
    expect(world.written.filter(({ pk }) => pk.startsWith('img#'))).toHaveLength(1);
  });

  test('a pointer lives 30 s, 5 min where the events are trusted', async () => {
    for (const [trusted, life] of [
      [false, 30_000],
      [true, 300_000],
    ] as const) {
      const world = createWorld();
      const ledger = world.ledger({}, { eventsTrusted: (repository) => trusted && repository.path === app.path });
      await admit(ledger);
      world.time.now = start + life - 1;
      expect((await admit(ledger)).pointer).toBe(digestA);
      world.time.now = start + life;
      expect((await admit(ledger)).pointer).toBeUndefined();
    }
  });

  test('tagPointers off: the tag is resolved every time, the verification still known', async () => {
    const world = createWorld();
    const ledger = world.ledger({ tagPointers: 'off' });
    await admit(ledger);
    const { pointer, verification } = await admit(ledger);
    expect(pointer).toBeUndefined();
    expect(verification).toBeDefined();
    expect(world.written.some(({ sk }) => sk === 'pointer')).toBe(false);
  });

  test('imageVerifyCacheEnabled false: nothing is read or written', async () => {
    const world = createWorld();
    await admit(world.ledger());
    world.reads.length = 0;
    world.written.length = 0;
    expect(await admit(world.ledger({ enabled: false }))).toEqual({ pointer: undefined, verification: undefined });
    expect([world.reads, world.written]).toEqual([[], []]);
  });

  test('useCache false: what the check found is neither read nor written, and the tag is resolved', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    await admit(ledger);
    const query = { ...check, useCache: false };
    world.reads.length = 0;
    world.written.length = 0;
    expect(await admit(ledger, { query })).toEqual({ pointer: undefined, verification: undefined });
    expect([world.reads, world.written]).toEqual([[], []]);
    expect((await admit(ledger)).verification).toBeDefined();
  });

  test('useCache false beside a check that is kept, which reads the same generations', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    const kept = { ...check, hash: 'kept' };
    const fresh = { ...check, useCache: false };
    for (const round of [1, 2]) {
      const session = ledger.begin(deadline());
      await session.point([{ repository: app, digest: digestA, credentials: ownCredentials, checks: [kept, fresh] }]);
      expect(session.verification(app, digestA, kept) !== undefined).toBe(round === 2);
      expect(session.verification(app, digestA, fresh)).toBeUndefined();
      for (const query of [kept, fresh])
        session.recordVerification(app, digestA, query, verificationOf(digestA), askedBy);
      await session.flush();
    }
    expect(await ask(ledger)).toBeUndefined();
  });

  test('imageVerifyCacheMaxSize bounds memory: what fell out is read from the table again', async () => {
    const world = createWorld();
    const ledger = world.ledger({ maxSize: 1 });
    await admit(ledger);
    const other = { ...check, hash: 'other' };
    await admit(ledger, { query: other });
    world.reads.length = 0;
    expect(await ask(ledger, digestA, other)).toBeDefined();
    expect(await ask(ledger)).toBeDefined();
    const contents = world.reads.map(({ keys }) => keys.filter(({ pk }) => pk.startsWith('img#')).length);
    expect(contents).toEqual([0, 1]);
  });
});
