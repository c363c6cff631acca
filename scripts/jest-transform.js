import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

/** Node's own type stripping, so that tests run the very text that `node` runs. */
export default {
  process(source) {
    return { code: stripTypeScriptTypes(source, { mode: 'strip' }) };
  },
  getCacheKey(source, path) {
    return createHash('sha256').update(process.version).update(path).update(source).digest('hex');
  },
};
