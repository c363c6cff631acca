import { readFile } from 'node:fs/promises';

/** Adds up what the test runs left (jest's JSON form) and prints the closing line; a missing file counts as a failure. */
let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  try {
    const counts: unknown = JSON.parse(await readFile(file, 'utf8'));
    const { numPassedTests = 0, numFailedTests = 0, numFailedTestSuites = 0 } = counts as Record<string, number>;
    passed += numPassedTests;
    failed += Math.max(numFailedTests, numFailedTestSuites);
  } catch {
    console.error(`no result in ${file}`);
    failed += 1;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
