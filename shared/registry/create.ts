import { type Repository, repositoryName } from '../image/repository.ts';
import type { Clock, Elapsed } from '../net/deadline.ts';
import type { Door } from '../net/door.ts';
import type { Metrics } from '../net/metrics.ts';
import { ownCredentials } from '../plan/credentials.ts';
import { Refusal } from '../reasons.ts';
import { forImage } from './allowance.ts';
import { readAttached, readAttested } from './attached.ts';
import { createBreakers, type Probe } from './breaker.ts';
import { createClient } from './client.ts';
import { createContent, type ReadManifest } from './content.ts';
import type { CredentialSource } from './credentials.ts';
import { declined, imageDeclined } from './failed.ts';
import type { LayerKind } from './layer-kind.ts';
import { defaultLimits, type RegistryLimits } from './limits.ts';
import { acceptImages, named } from './manifest.ts';
import { createReadBody } from './read-manifest.ts';
import { type Image, type Registries, type Registry, signaturesAlone } from './registry.ts';
import { type Retrying, sleepFor } from './retry.ts';
import { attachedRooms, manifestRooms, type Rooms } from './rooms.ts';
import { createThrottles } from './throttle.ts';

/** Bytes of a config that are held without room: no honest image's has many more. */
const smallConfig = 64 * 1024;

export interface RegistrySettings {
  readonly door: Door;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  readonly elapsed: Elapsed;
  /** Milliseconds; rejects when the signal aborts. */
  readonly sleep?: Retrying['sleep'];
  readonly random?: Retrying['random'];
  /** Registry name to hosts (`host` or `host:port`) of token servers that may have its credentials, beside its own. */
  readonly realms?: Readonly<Record<string, readonly string[]>>;
  /** The kinds of evidence that are looked for. */
  readonly kinds: readonly LayerKind[];
  readonly limits?: Partial<RegistryLimits>;
  /** Told when a registry is no longer waited for, and when it is again; nobody if absent. */
  readonly metrics?: Metrics;
  /** Instead of the process's: for attachments, and for manifests. */
  readonly rooms?: Rooms;
  readonly manifestRooms?: Rooms;
}

/** A Registry whose tokens and learned challenges are its own: one per credential source. Connections are the door's. */
export function createRegistry(settings: RegistrySettings): Registry {
  const { door, credentials, clock, elapsed, kinds } = settings;
  const { rooms = attachedRooms } = settings;
  const held = settings.manifestRooms ?? manifestRooms;
  const readBody = createReadBody(held, elapsed);
  const limits = { ...defaultLimits, ...settings.limits };
  const sleep = settings.sleep ?? sleepFor;
  const random = settings.random ?? Math.random;
  const { metrics = { count: () => undefined } } = settings;
  const breakers = createBreakers({ elapsed, metrics, probe: probeThrough(door) });
  const retrying = { clock, sleep, random, throttles: createThrottles(elapsed, sleep), breakers };
  const client = createClient({ door, credentials, retrying, realms: settings.realms ?? {} });
  const images = createContent(client, limits, kinds, readBody, elapsed, imageDeclined);
  const content = createContent(client, limits, kinds, readBody, elapsed, declined);

  return {
    async resolve(repository, tag, allowance) {
      const read = await images.manifestByTag(repository, tag, acceptImages, forImage(allowance));
      return imageOf(read, repository, `:${tag}`);
    },
    async image(repository, digest, allowance) {
      const read = await images.manifestByDigest(repository, digest, acceptImages, forImage(allowance));
      return imageOf(read, repository, `@${digest}`);
    },
    async listed(repository, { digest, size }, allowance) {
      const read = await content.manifestByDigest(repository, digest, acceptImages, forImage(allowance), size);
      const name = `${repositoryName(repository)}@${digest}`;
      if (read === undefined) {
        throw new Refusal(
          'content-missing',
          `an index lists the image ${name}, and the registry does not have it (404)`,
        );
      }
      return asImage(read, name);
    },
    async config(repository, { digest, size }, allowance) {
      const takesRoom = size > smallConfig && size <= limits.config;
      const stay = takesRoom ? held.enter(size, allowance) : undefined;
      try {
        await stay?.entered;
        return await content.blob(repository, digest, size, limits.config, forImage(allowance));
      } finally {
        stay?.leave();
      }
    },
    attached: (repository, digest, allowance, asked = signaturesAlone) =>
      readAttached({ client, content, limits, kinds, rooms, readBody }, repository, digest, allowance, asked),
    attested: (repository, digest, allowance) => readAttested({ content, kinds }, repository, digest, allowance),
  };
}

/** Asks for `/v2/` without a credential, and on nobody's account; it waits for its turn as a review of its own does. */
function probeThrough(door: Door): Probe {
  return async (origin, deadline, beforeSending) => {
    const nothing = () => undefined;
    const spending = { deadline, take: nothing, sent: nothing, waited: nothing, review: {} };
    const what = `/v2/ of ${origin.host}`;
    const answer = await door.request(new URL('/v2/', origin), { spending, what, beforeSending, follows: false });
    answer.discard();
  };
}

/** Registries that can be read with the deployment's own credentials alone: with any other they are not read at all. */
export function registriesAsOurselves(registry: Registry): Registries {
  return {
    as({ key }) {
      if (key === ownCredentials.key) return registry;
      throw new Refusal(
        'internal-error',
        'registries are to be read with credentials that this deployment does not have',
      );
    },
  };
}

function imageOf(read: ReadManifest | undefined, repository: Repository, suffix: string): Image {
  const name = `${repositoryName(repository)}${suffix}`;
  if (read === undefined) throw new Refusal('image-not-found', `the registry has no ${name} (404)`);
  return asImage(read, name);
}

function asImage(read: ReadManifest, name: string): Image {
  const { kind, mediaType } = read.manifest;
  if (kind === 'schema1') {
    throw new Refusal('not-an-image', `${name} is of Docker's manifest schema 1, which binds no config: push it again`);
  }
  if (kind === 'other') throw new Refusal('not-an-image', `${name} is of ${named(mediaType)}`);
  return { digest: read.digest, bytes: read.bytes, mediaType };
}
