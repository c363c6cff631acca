import { editedSecret } from './secret-editing.ts';
import { startSecretStore, type TestSecretStore } from './testing/secret-store.ts';
import { failed } from './testing/service.ts';

let store: TestSecretStore;
beforeEach(async () => {
  store = await startSecretStore();
});
afterEach(() => store.close());

const edited = (id = store.id) => editedSecret({ id, ...store.client });

test('a value takes the place of the one that was read', async () => {
  store.put('one');
  const secret = edited();
  const read = await secret.read();
  expect(read).toEqual({ text: 'one', version: 'version-1', createdAt: store.now });
  await secret.replace(read, 'two');
  expect(store.text).toBe('two');
  expect(store.calls.map(({ operation }) => operation)).toEqual([
    'GetSecretValue',
    'PutSecretValue',
    'UpdateSecretVersionStage',
  ]);
});

test('a secret without a value gets its first one', async () => {
  const secret = edited();
  const read = await secret.read();
  expect(read).toEqual({ text: undefined, version: undefined, createdAt: undefined });
  await secret.replace(read, 'one');
  expect(store.text).toBe('one');
});

test('whoever was faster is not overwritten, and who was slower is told', async () => {
  store.put('one');
  const [mine, theirs] = [edited(), edited()];
  const [read, readToo] = [await mine.read(), await theirs.read()];
  await theirs.replace(readToo, 'theirs');
  await expect(mine.replace(read, 'mine')).rejects.toMatchObject({
    name: 'SecretEditError',
    message: 'the secret tokens was changed by somebody else meanwhile: nothing is lost, try again',
  });
  expect(store.text).toBe('theirs');
  await mine.replace(await mine.read(), 'both');
  expect(store.text).toBe('both');
});

test('a change whose answer was lost is no conflict with itself', async () => {
  store.put('one');
  const secret = edited();
  store.lost.add('UpdateSecretVersionStage');
  await secret.replace(await secret.read(), 'two');
  expect(store.text).toBe('two');
  expect(store.calls.filter(({ operation }) => operation === 'UpdateSecretVersionStage')).toHaveLength(2);
});

test('so it is with the first value of all', async () => {
  const secret = edited();
  const read = await secret.read();
  store.before('PutSecretValue', () => store.put('theirs'));
  await expect(secret.replace(read, 'mine')).rejects.toThrow('by somebody else meanwhile');
  expect(store.text).toBe('theirs');
});

test.each([
  ['read', 'GetSecretValue', 'AccessDeniedException', 'was not read: you may not, by what AWS knows of you'],
  ['written', 'PutSecretValue', 'EncryptionFailure', 'was not changed: Secrets Manager refused (Enc'],
  ['put in force', 'UpdateSecretVersionStage', 'AccessDeniedException', 'was not changed: you may not'],
])(
  'one that is not to be %s stays, and the message says nothing of it',
  async (_, operation, error, message) => {
    store.put('hidden');
    store.failures.set(operation, failed(error));
    const secret = edited();
    const change = async () => secret.replace(await secret.read(), 'hidden too');
    await expect(change()).rejects.toThrow(message);
    await expect(change()).rejects.not.toThrow('hidden');
    expect(store.text).toBe('hidden');
    store.failures.clear();
    await change();
    expect(store.text).toBe('hidden too');
  },
  20_000,
);

test('one that is not there is told when it is to be written', async () => {
  const secret = edited('another');
  const read = await secret.read();
  expect(read.text).toBeUndefined();
  await expect(secret.replace(read, 'x')).rejects.toThrow('there is none of this name in this account and region');
});
