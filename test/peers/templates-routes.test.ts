import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callOf, type HttpEvent } from '../../functions/http/event.ts';
import { parseWebhookPath } from '../../shared/admission/path.ts';
import { clonesTemplates, inVpc, type Rendered, render } from './rendered.ts';

// The routes of both APIs as they are rendered, and what the function reads of a call by them behind a custom domain with a base path.

const clusters = ['prod', 'prod-2', 'Staging_1'];

let dir: string;
let http: Rendered;
let inside: Rendered;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  const clone = join(dir, 'clone');
  await clonesTemplates(clone);
  http = await render(clone, { clusters: clusters.join() });
  inside = await render(clone, { ...inVpc, clusters: clusters.join() });
}, 600_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

/** The path of a resource of a REST API, from the root down. */
function resourcePath(id: string): string {
  const { ParentId, PathPart } = inside.resources[id]?.Properties ?? {};
  const parent = ParentId.Ref === undefined ? '' : resourcePath(ParentId.Ref);
  return `${parent}/${PathPart}`;
}

const pathParameters = { verb: 'validate', scope: 'ignore-0123456789abcdef', token: 'T'.repeat(43) };

function asked(cluster: string | undefined, event: unknown): void {
  expect(parseWebhookPath(callOf(event as HttpEvent).path)).toEqual({
    cluster,
    purpose: 'validate',
    scope: { kind: 'ignore', selector: '0123456789abcdef' },
    token: pathParameters.token,
  });
}

test('HTTP API: a call by a cluster’s route asks about that cluster, whatever stands before it in the path', () => {
  const routes = http.ofType('AWS::ApiGatewayV2::Route').map(({ Properties }) => String(Properties['RouteKey']));
  expect(routes).toHaveLength(clusters.length);
  for (const [index, routeKey] of routes.entries()) {
    const requestContext = { stage: '$default', http: { method: 'POST' } };
    asked(clusters[index], { routeKey, rawPath: '/prod/x', pathParameters, requestContext, body: '{}' });
  }
});

test('REST API: the same', () => {
  const resources = inside.ofType('AWS::ApiGateway::Method').map(({ Properties }) => Properties['ResourceId'].Ref);
  expect(resources).toHaveLength(clusters.length);
  const paths = resources.map(resourcePath);
  expect(paths.map((path) => path.split('/')[1]).sort()).toEqual([...clusters].sort());
  for (const resource of paths) {
    const requestContext = { stage: 'dev' };
    asked(resource.split('/')[1], {
      httpMethod: 'POST',
      resource,
      path: '/prod/x',
      pathParameters,
      requestContext,
      body: '{}',
    });
  }
});
