/** What is wrong with numbers that are numbers each, and together let nobody in or cannot be deployed. `undefined` reserved: no bound. */
function numberProblems({ reservedConcurrency, provisionedConcurrency, throttle }) {
  const problems = [];
  for (const [name, value] of [
    ['throttleRate', throttle.rate],
    ['throttleBurst', throttle.burst],
  ]) {
    if (value === 0) problems.push(`the parameter ${name} is 0: no call would be let in`);
  }
  if (reservedConcurrency === undefined) return problems;
  const bound = `reservedConcurrency, ${reservedConcurrency}`;
  if (provisionedConcurrency > reservedConcurrency) {
    problems.push(
      `the parameter provisionedConcurrency, ${provisionedConcurrency}, is over ${bound}: instances that are kept ready are among them`,
    );
  }
  // What comes at once and finds no instance fails, and with it calls of other clusters.
  if (throttle.burst > reservedConcurrency) {
    problems.push(
      `the parameter throttleBurst, ${throttle.burst}, is over ${bound}: one cluster could hold every instance at once`,
    );
  }
  return problems;
}

module.exports = { numberProblems };
