/** The layers of ARCHITECTURE.md, as rules. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'protocol-imports-only-zod',
      severity: 'error',
      from: { path: '^packages/protocol/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^packages/protocol/src', '(^|/)zod'] },
    },
    {
      name: 'sdk-imports-only-protocol',
      severity: 'error',
      from: { path: '^packages/sdk/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/banger' },
    },
    {
      name: 'machine-sees-adapters-as-types-only',
      severity: 'error',
      from: {
        path: '^packages/banger/src/machine',
        pathNot: '\\.test\\.ts$|/(fixtures|fake-[a-z-]+)\\.ts$',
      },
      to: {
        path: '^packages/banger/src/(vmm|network|host|disk|image|kernel|catalog|bundle|debian|rootfs|artifact|guest|template|saved|ssh|helper|system|daemon|store|cli)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'drivers-do-not-know-each-other',
      severity: 'error',
      from: { path: '^packages/banger/src/vmm/([^/]+)/' },
      to: { path: '^packages/banger/src/vmm/([^/]+)/', pathNot: '^packages/banger/src/vmm/$1/' },
    },
    {
      name: 'adapters-do-not-know-the-daemon',
      severity: 'error',
      from: {
        path: '^packages/banger/src/(vmm|network|host|disk|image|kernel|catalog|bundle|debian|rootfs|artifact|guest|template|saved|ssh|store|helper|system)',
      },
      to: { path: '^packages/banger/src/(daemon|cli)' },
    },
    {
      name: 'templates-and-keys-see-vmm-and-guest-as-types-only',
      severity: 'error',
      from: { path: '^packages/banger/src/(template|saved|ssh)', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^packages/banger/src/(machine|vmm|network|image|kernel|rootfs|artifact|guest)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'cli-talks-through-the-sdk',
      severity: 'error',
      from: { path: '^packages/banger/src/cli' },
      to: {
        path: '^packages/banger/src/(daemon|machine|vmm|network|host|disk|image|kernel|catalog|bundle|debian|rootfs|artifact|guest|template|saved|ssh|store|helper)',
      },
    },
    {
      name: 'only-compose-wires-adapters',
      severity: 'error',
      from: {
        path: '^packages/banger/src/daemon',
        pathNot: ['compose[^/]*\\.ts$', '\\.test\\.ts$'],
      },
      to: {
        path: '^packages/banger/src/(vmm|disk|image|kernel|catalog|bundle|debian|rootfs|artifact|guest|template|saved|ssh|helper)/',
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/generated/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
