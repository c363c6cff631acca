import { type Hop, nextHop } from './redirect.ts';

const hop: Hop = {
  method: 'GET',
  url: new URL('https://registry.example/v2/app/blobs/x'),
  headers: { authorization: 'Bearer secret', accept: '*/*' },
};
const follow = (location: string | undefined, from: Hop = hop, status = 307) =>
  nextHop(from, status, location, 'registry.example');

test.each([301, 302, 303, 307, 308])('%d is followed, the method kept', (status) => {
  expect(follow('/elsewhere', { ...hop, method: 'HEAD' }, status)).toMatchObject({ method: 'HEAD' });
});

test.each([200, 300, 304, 305, 401])('%d is no redirect', (status) => {
  expect(follow('/elsewhere', hop, status)).toBeUndefined();
});

test('a POST is not sent on, and without a target there is nothing to follow', () => {
  expect(follow('/elsewhere', { ...hop, method: 'POST' })).toBeUndefined();
  expect(follow(undefined)).toBeUndefined();
});

test('the credential stays on the same scheme, host and port', () => {
  expect(follow('/other#part')).toMatchObject({ url: new URL('https://registry.example/other'), headers: hop.headers });
  expect(follow('https://registry.example:443/other')?.headers).toEqual(hop.headers);
});

test.each(['https://cdn.example/x', 'https://registry.example:8443/x', 'https://sub.registry.example/x'])(
  'the credential does not go to %s',
  (location) => {
    expect(follow(location)?.headers).toEqual({ accept: '*/*' });
  },
);

test('it does not go from http to https of one host, and does not come back from elsewhere', () => {
  const plain = { ...hop, url: new URL('http://registry.example/x') };
  expect(follow('https://registry.example/x', plain)?.headers).toEqual({ accept: '*/*' });
  const away = follow('https://cdn.example/x');
  expect(away && follow('https://registry.example/x', away)?.headers).toEqual({ accept: '*/*' });
});

test.each(['http://registry.example/x', 'ftp://registry.example/x', 'https://user@registry.example/', 'https://[/'])(
  '%s is refused',
  (location) => {
    expect(() => follow(location)).toThrow(expect.objectContaining({ reason: 'redirect-refused' }));
  },
);
