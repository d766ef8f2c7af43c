import http from 'node:http';

import type { Plugin } from 'esbuild';

/**
 * Leaves out of the bundles what is loaded at every start and never used. Together that was a third of the processor
 * time of `banger daemon status` (docs/performance.md).
 */
export const leanBundle: readonly Plugin[] = [httpWithoutUndici(), zodInEnglish()];

/**
 * An `import` or `require` of `node:http` reads every export once, and three of those are getters that load all of
 * undici (WebSocket and its events). `getBuiltinModule` hands the module out unread, and here has no getters.
 */
function httpWithoutUndici(): Plugin {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(http));
  const names = properties.filter(([, property]) => 'value' in property).map(([name]) => name);
  return {
    name: 'http-without-undici',
    setup(build) {
      build.onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'http', namespace: 'builtin' }));
      build.onLoad({ filter: /^http$/, namespace: 'builtin' }, () => ({
        contents: [
          "const http = process.getBuiltinModule('node:http');",
          `export const { ${names.join(', ')} } = http;`,
          'export default http;',
        ].join('\n'),
      }));
    },
  };
}

/** Half of zod's code is its messages in 50 languages, and `z` keeps all of them reachable. */
function zodInEnglish(): Plugin {
  return {
    name: 'zod-in-english',
    setup(build) {
      build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
        contents: "export { default as en } from './en.js';",
      }));
    },
  };
}
