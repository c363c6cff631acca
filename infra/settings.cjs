/** In bytes, of all names and values together: what Lambda takes (its documentation, "Lambda quotas"). */
const largestEnvironment = 4096;

/** As long as the ARN of a secret: the names that CloudFormation gives are not known yet. */
const unknown = 'x'.repeat(128);

/**
 * A function's environment in serverless.yml as the function will see it. What CloudFormation fills in stands in for itself: the account by
 * twelve digits, names and ARNs by a text of their length.
 */
function renderedEnvironment(environment, region) {
  const rendered = { AWS_REGION: region };
  for (const [name, value] of Object.entries(environment ?? {})) {
    if (value === null || value === undefined) continue;
    if (typeof value !== 'object') rendered[name] = String(value);
    else rendered[name] = value.Ref === 'AWS::AccountId' ? '0'.repeat(12) : unknown;
  }
  return rendered;
}

/**
 * What `read`, the function's own reader, has against an environment, in the words of who packs it; none: it starts. Any other error is
 * thrown.
 */
function settingsProblems(environment, read) {
  const problems = [];
  try {
    read(environment);
  } catch (thrown) {
    if (thrown?.name !== 'ConfigError') throw thrown;
    problems.push(...thrown.problems.map((problem) => inParameters(problem, Object.keys(environment))));
  }
  const { AWS_REGION: _, ...own } = environment;
  const bytes = Object.entries(own).reduce((sum, entry) => sum + Buffer.byteLength(entry.join('')), 0);
  if (bytes > largestEnvironment) {
    problems.push(
      `the parameters together are too long: the function's environment has ${bytes} bytes, and Lambda takes ${largestEnvironment}`,
    );
  }
  return problems;
}

/**
 * A problem with the names of parameters in place of those of variables: `VPC_RANGES` is `vpcRanges`, and Kyverno's names are the same in
 * both. What stands in quotes is a value, and stays.
 */
function inParameters(problem, variables) {
  const known = new Set(variables);
  const renamed = problem.replace(/'[^']*'|\w+/g, (word) => (known.has(word) ? parameterOf(word) : word));
  const [first = ''] = /^\w*/.exec(problem) ?? [];
  return known.has(first) ? `the parameter ${renamed}` : renamed;
}

function parameterOf(variable) {
  if (variable !== variable.toUpperCase()) return variable;
  return variable.toLowerCase().replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

module.exports = { renderedEnvironment, settingsProblems };
