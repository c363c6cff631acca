const { createHash } = require('node:crypto');

/**
 * A hash over the definitions of what an environment names by reference; `undefined`: it names nothing. CloudFormation gives a table or a
 * secret another name where it replaces it, which it does where its definition has changed. In the environment the hash makes a further
 * version of the function: without one, the alias would go on calling a version that names what is gone.
 */
function namedHash(environment, resources) {
  const named = Object.values(environment ?? {})
    .map((value) => value?.Ref)
    .filter((id) => id !== undefined && resources[id] !== undefined);
  if (named.length === 0) return undefined;
  const definitions = [...new Set(named)].sort().map((id) => [id, resources[id]]);
  return createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 16);
}

module.exports = { namedHash };
