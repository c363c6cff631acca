/**
 * How many clusters one API has room for by AWS's quotas, which it raises on request: 300 resources of a REST API, of which a cluster
 * takes four (its name, verb, scope, token), and 300 routes of an HTTP API ("Amazon API Gateway quotas").
 */
const room = { private: 75, http: 300 };

/** Of one stack, which nobody raises ("CloudFormation quotas"). */
const mostResources = 500;

/**
 * Clusters of which osls would make one and the same resource of CloudFormation: the later one would take the earlier one's place.
 * `idOf`: a cluster's logical id, by osls's own naming. Each list has two at least.
 */
function sameIds(clusters, idOf) {
  return [...Map.groupBy(clusters, idOf).values()].filter((names) => names.length > 1);
}

/** What is to be told of so many clusters; `undefined`: nothing. */
function roomWarning(endpoint, count) {
  const most = room[endpoint];
  if (count <= most) return undefined;
  const what = endpoint === 'private' ? 'resources of a REST API' : 'routes of an HTTP API';
  return `${count} clusters: AWS lets an API have ${most} by its quota of 300 ${what}; have it raised, or deploy twice under different stages`;
}

/**
 * What is wrong with a whole template; `undefined`: nothing. A cluster without a route of its own would be answered by nobody, and one
 * with two throttled by neither.
 */
function templateProblem(resources, { endpoint, clusters }) {
  const type = endpoint === 'private' ? 'AWS::ApiGateway::Method' : 'AWS::ApiGatewayV2::Route';
  const all = Object.values(resources);
  const routes = all.filter((resource) => resource.Type === type).length;
  if (routes !== clusters.length) return `the template has ${routes} routes for ${clusters.length} clusters`;
  if (all.length <= mostResources) return undefined;
  return `the template has ${all.length} resources for ${clusters.length} clusters, and CloudFormation takes ${mostResources}: deploy some of the clusters under another stage`;
}

module.exports = { sameIds, roomWarning, templateProblem };
