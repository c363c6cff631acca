import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Key,
  Metadata,
  MetadataKind,
  MetaFile,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from '@tufjs/models';

/** A TUF repository on loopback, with one target. */
export interface TestRepository extends AsyncDisposable {
  readonly url: string;
  /** Its root.json of the first version: what trust in it begins with. */
  readonly firstRoot: Buffer;
  /** The paths that were asked for. */
  readonly requests: string[];
  /** Publishes the target, in metadata of the next version; `changes` break what they name. */
  publish(target: Buffer, changes?: Changes): void;
  /** Signs everything with new keys from now on; a root of the next version says so, signed with the old key too. */
  rotate(): void;
  /** Answers every request with this status; `undefined`: as it should be. */
  status: number | undefined;
}

export interface Changes {
  /** When all but the root ends. */
  readonly expires?: string;
  /** Another file is served in the place of the target that was signed. */
  readonly served?: Buffer;
  /** It is signed with a key that the root does not name. */
  readonly foreign?: boolean;
  /** Named so in the metadata. */
  readonly name?: string;
  readonly version?: number;
}

const farAway = '2999-01-01T00:00:00Z';
const specVersion = '1.0.0';

export async function startRepository(target: Buffer): Promise<TestRepository> {
  const files = new Map<string, Buffer>();
  let keys = newKey();
  let rootVersion = 1;
  let version = 0;
  const signed = (metadata: Metadata<Root | Timestamp | Snapshot | Targets>) =>
    Buffer.from(JSON.stringify(metadata.toJSON()));

  function root(by: readonly TufKey[]): Buffer {
    const { key } = keys;
    const made = new Root({ version: rootVersion, specVersion, expires: farAway, consistentSnapshot: true });
    for (const role of [MetadataKind.Root, MetadataKind.Timestamp, MetadataKind.Snapshot, MetadataKind.Targets])
      made.addKey(key, role);
    const metadata = new Metadata(made);
    for (const signer of by) metadata.sign(signer.sign, true);
    return signed(metadata);
  }
  const firstRoot = root([keys]);
  files.set('/1.root.json', firstRoot);

  function publish(bytes: Buffer, changes: Changes = {}): void {
    const { expires = farAway, served = bytes, foreign = false, name = 'trusted_root.json' } = changes;
    version = changes.version ?? version + 1;
    const signer = foreign ? newKey() : keys;
    const hash = createHash('sha256').update(bytes).digest('hex');
    const common = { version, specVersion, expires };
    const targets = new Targets(common);
    targets.addTarget(new TargetFile({ path: name, length: bytes.length, hashes: { sha256: hash } }));
    const put = (file: string, content: Root | Timestamp | Snapshot | Targets) => {
      const metadata = new Metadata(content);
      metadata.sign(signer.sign);
      files.set(`/${file}`, signed(metadata));
    };
    put(`${version}.targets.json`, targets);
    put(`${version}.snapshot.json`, new Snapshot({ ...common, meta: { 'targets.json': new MetaFile({ version }) } }));
    put('timestamp.json', new Timestamp({ ...common, snapshotMeta: new MetaFile({ version }) }));
    files.set(`/targets/${hash}.${name}`, served);
  }
  publish(target);

  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const file = files.get(path);
    if (repository.status !== undefined) response.writeHead(repository.status).end();
    else if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const repository: TestRepository = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstRoot,
    requests,
    status: undefined,
    publish,
    rotate() {
      const before = keys;
      keys = newKey();
      rootVersion += 1;
      files.set(`/${rootVersion}.root.json`, root([before, keys]));
      publish(target);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return repository;
}

interface TufKey {
  readonly key: Key;
  sign(data: Buffer): Signature;
}

function newKey(): TufKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const keyID = createHash('sha256').update(rawOf(privateKey)).digest('hex');
  const keyVal = { public: rawOf(privateKey).toString('hex') };
  return {
    key: new Key({ keyID, keyType: 'ed25519', scheme: 'ed25519', keyVal }),
    sign: (data) => new Signature({ keyID, sig: sign(undefined, data, privateKey).toString('hex') }),
  };
}

function rawOf(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}
