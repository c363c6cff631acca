'use strict';
const { hash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

/**
 * Loads the CommonJS bundle `file` with V8's compiled code of an earlier run of `command`, which saves a quarter of its time.
 * Node's own compile cache saves less: it keeps what is compiled at load, not the functions that are compiled as they are called.
 *
 * Returns the bundle's exports, and `keep`, which stores the code of all that has run by then, where none was of use.
 */
function loadCompiled(file, command) {
  const source = readFileSync(file);
  const folder = ownFolder();
  // V8 itself looks at the source's length alone, and would run another version by the code of this one.
  const build = `${hash('sha256', source, 'hex')}-${process.version}-${process.arch}`;
  const stored = folder === undefined ? undefined : join(folder, `${command}-${build}`);
  const cachedData = stored === undefined ? undefined : readOrNothing(stored);
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) {${source.toString('utf8')}\n})`,
    {
      filename: file,
      ...(cachedData === undefined ? {} : { cachedData }),
    },
  );
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return {
    exports: module.exports,
    keep() {
      if (stored === undefined || (cachedData !== undefined && !script.cachedDataRejected)) return;
      try {
        const others = readdirSync(folder).filter((name) => name.startsWith(`${command}-`) && !stored.endsWith(name));
        // Written beside and moved, so that nobody reads half of it.
        const part = join(folder, `part-${process.pid}`);
        writeFileSync(part, script.createCachedData(), { mode: 0o600 });
        renameSync(part, stored);
        for (const name of others) rmSync(join(folder, name), { force: true });
      } catch {
        // A full or read-only disk costs the next run its head start, and nothing else.
      }
    },
  };
}

/**
 * The user's own folder for compiled code. Whoever may write there says what is run: so it is not the folder for temporary files,
 * and one that others may write to is left alone. `undefined` where there is none that can be used.
 */
function ownFolder() {
  const windows = process.platform === 'win32';
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  try {
    const caches = XDG_CACHE_HOME || (windows && LOCALAPPDATA) || join(homedir(), '.cache');
    const folder = join(caches, 'countersign', 'compiled');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    return windows || (uid === process.getuid() && (mode & 0o022) === 0) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function readOrNothing(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

module.exports = { loadCompiled, ownFolder };
