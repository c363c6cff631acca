import { ExpressionError } from '../expression/error.ts';
import { imageVariables, variableImage, variableOfImages } from './image-variables.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['nginx', 'docker.io', 'nginx', 'nginx', 'latest', ''],
  ['nginx:1', 'docker.io', 'nginx', 'nginx', '1', ''],
  ['library/nginx', 'docker.io', 'library/nginx', 'nginx', 'latest', ''],
  ['docker.io/nginx:1', 'docker.io', 'nginx', 'nginx', '1', ''],
  ['docker.io/library/nginx:1', 'docker.io', 'library/nginx', 'nginx', '1', ''],
  ['index.docker.io/library/nginx', 'docker.io', 'library/nginx', 'nginx', 'latest', ''],
  ['org/app', 'docker.io', 'org/app', 'app', 'latest', ''],
  [`ghcr.io/org/team/app@${digest}`, 'ghcr.io', 'org/team/app', 'app', '', digest],
  [`ghcr.io/app:v1@${digest}`, 'ghcr.io', 'app', 'app', 'v1', digest],
  [`nginx@${digest}`, 'docker.io', 'nginx', 'nginx', '', digest],
  ['localhost:5000/app:v1', 'localhost:5000', 'app', 'app', 'v1', ''],
  ['GHCR.io:443/library/app', 'ghcr.io', 'library/app', 'app', 'latest', ''],
])('%s', (text, registry, path, name, tag, sha) => {
  const reference = sha === '' ? `${registry}/${path}:${tag}` : `${registry}/${path}@${sha}`;
  const referenceWithTag = `${registry}/${path}:${tag}`;
  const all = { registry, name, path, tag, digest: sha, reference, referenceWithTag };
  expect(imageVariables(text)).toEqual(all);
  expect(variableImage(text)).toEqual(all);
});

test('an element of images has what is not empty, and where it stands', () => {
  expect(variableOfImages(`ghcr.io/app@${digest}`, '/spec/containers/0/image')).toEqual({
    registry: 'ghcr.io',
    name: 'app',
    path: 'app',
    digest,
    reference: `ghcr.io/app@${digest}`,
    referenceWithTag: 'ghcr.io/app:',
    jsonPointer: '/spec/containers/0/image',
  });
});

test.each(['', 'NGINX', 'a b', 'nginx:', `nginx@sha256:1`])('%j has no variables', (text) => {
  expect(() => imageVariables(text)).toThrow(ExpressionError);
  expect(() => imageVariables(text)).toThrow('is no image reference: ');
});
