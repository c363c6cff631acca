import { skipsOpenHost, skipsOpenOwner } from './open-hosts.ts';

test.each([
  ['*', true],
  ['*nginx*', true],
  ['?*/acme/*', true],
  ['*/acme/*', true],
  ['ghcr.io*', true],
  ['ghcr.io*/acme/*', true],
  ['ghcr.i?/acme/*', true],
  ['*example.com/acme/*', true],
  ['*:5000/acme/*', true],
  ['*.example.com*', true],
  ['*.example.com/acme/*', false],
  ['*.dkr.ecr.*.amazonaws.com/eks/*', true],
  ['6024*.dkr.ecr.us-west-2.amazonaws.com/eks/*', true],
  ['*.dkr-ecr.*.on.aws/eks/*', true],
  ['*.amazonaws.com.cn/eks/*', true],
  ['602401143452.dkr.ecr.*.amazonaws.com/eks/*', false],
  ['602401143452.dkr-ecr.*.on.aws/eks/*', false],
  ['*.azurecr.io/acme/*', true],
  ['acme*.azurecr.io/*', true],
  ['acme.azurecr.io/*', false],
  ['*.acme.jfrog.io/*', false],
  ['*.pkg.dev/acme/*', false],
  ['ghcr.io/*', false],
  ['ghcr.io:*/acme/*', false],
  ['localhost:5*/acme/*', false],
  ['localhost:5000*', false],
  ['[::1]:5*/acme/*', false],
])('a skip of %s fits registries that anyone may set up: %s', (pattern, expected) => {
  expect(skipsOpenHost(pattern)).toBe(expected);
});

test.each([
  ['ghcr.io/acme*/*', true],
  ['ghcr.io/acme*', true],
  ['quay.io/acme-*', true],
  ['docker.io/?cme/*', true],
  ['index.docker.io/acme*', true],
  ['public.ecr.aws/*/base', true],
  ['ghcr.io/acme/*', false],
  ['ghcr.io/acme/app*', false],
  ['docker.io/library/nginx*', false],
  ['ghcr.io/*', false],
  ['ghcr.io/*:latest', false],
  ['registry.example/acme*', false],
  ['*.example.com/acme*', false],
  ['nginx*', false],
])('a skip of %s fits owners that anyone may become: %s', (pattern, expected) => {
  expect(skipsOpenOwner(pattern)).toBe(expected);
});
