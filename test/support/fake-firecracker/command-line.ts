const valued = [
  'api-sock',
  'id',
  'seccomp-filter',
  'start-time-us',
  'start-time-cpu-us',
  'parent-cpu-time-us',
  'config-file',
  'metadata',
  'log-path',
  'level',
  'module',
  'metrics-path',
  'describe-snapshot',
  'http-api-max-payload-size',
  'mmds-size-limit',
] as const;
const flags = [
  'help',
  'no-seccomp',
  'no-api',
  'show-level',
  'show-log-origin',
  'boot-timer',
  'version',
  'snapshot-version',
  'enable-pci',
] as const;

type Valued = (typeof valued)[number];
type Flag = (typeof flags)[number];

export interface CommandLine {
  readonly values: Readonly<Partial<Record<Valued, string>>>;
  readonly flags: ReadonlySet<Flag>;
}

/** As Firecracker says it */
export class ArgumentError extends Error {}

/** Firecracker's own reading of its arguments (src/utils/src/arg_parser.rs): `--name value`, never `--name=value`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values: Partial<Record<Valued, string>> = {};
  const set = new Set<Flag>();
  const rest = args.includes('--') ? args.slice(0, args.indexOf('--')) : [...args];
  for (let at = 0; at < rest.length; at += 1) {
    const argument = rest[at] ?? '';
    const name = argument === '-h' ? 'help' : argument.replace(/^--/, '');
    const flag = flags.find((each) => each === name);
    const key = valued.find((each) => each === name);
    if (!argument.startsWith('-') || (flag === undefined && key === undefined)) {
      throw new ArgumentError(
        `Found argument '${name}' which wasn't expected, or isn't valid in this context.`,
      );
    }
    if (flag !== undefined) set.add(flag);
    if (key === undefined) continue;
    if (key in values)
      throw new ArgumentError(`The argument '${key}' was provided more than once.`);
    at += 1;
    const value = rest[at];
    if (value === undefined || value.startsWith('--')) {
      throw new ArgumentError(`The argument '${key}' requires a value, but none was supplied.`);
    }
    values[key] = value;
  }
  if (set.has('no-seccomp') && 'seccomp-filter' in values) {
    throw new ArgumentError(
      "Argument 'seccomp-filter' cannot be used together with argument 'no-seccomp'.",
    );
  }
  return { values, flags: set };
}
