import type { Healthcheck, ImageConfig } from '@banger/protocol/image-config';

import type { CommandLine, Health, Instruction } from './dockerfile/dockerfile.ts';
import { DockerfileProblem } from './dockerfile/problems.ts';
import type { Variables } from './variables.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** What an instruction that changes no file makes of how the image is run. */
export function describeImage(
  config: ImageConfig,
  instruction: Instruction,
  variables: Variables,
): ImageConfig {
  switch (instruction.kind) {
    case 'cmd':
      return { ...config, cmd: argvOf(instruction.command, config) };
    case 'entrypoint':
      // A CMD of before belonged to another program.
      return { ...config, cmd: null, entrypoint: argvOf(instruction.command, config) };
    case 'expose': {
      const ports = variables.expandWords(instruction.values).flatMap(portsOf);
      return { ...config, exposedPorts: unique([...config.exposedPorts, ...ports]) };
    }
    case 'volume': {
      const volumes = variables.expandAll(instruction.values).filter((path) => path !== '');
      return { ...config, volumes: unique([...config.volumes, ...volumes]) };
    }
    case 'label': {
      const labels = instruction.pairs.map(
        ([name, value]) => [variables.expand(name), variables.expand(value)] as const,
      );
      return { ...config, labels: { ...config.labels, ...Object.fromEntries(labels) } };
    }
    case 'user':
      return { ...config, user: variables.expand(instruction.value) };
    case 'stopsignal':
      return { ...config, stopSignal: variables.expand(instruction.value) };
    case 'shell':
      return { ...config, shell: [...instruction.argv] };
    case 'healthcheck':
      return { ...config, healthcheck: healthOf(instruction.health) };
    case 'onbuild':
      return { ...config, onBuild: [...config.onBuild, instruction.trigger] };
    case 'env':
    case 'arg':
    case 'run':
    case 'copy':
    case 'add':
    case 'workdir':
    case 'maintainer':
      return config;
  }
}

/** What is executed: a text by the shell. */
export function argvOf(command: CommandLine, { shell }: Pick<ImageConfig, 'shell'>): string[] {
  if (command.form === 'exec') return [...command.argv];
  return command.text === '' ? [] : [...(shell ?? DEFAULT_SHELL), command.text];
}

const MOST_PORTS = 65_535;

/** `80`, `80/udp`, `8000-8010` */
function portsOf(text: string): string[] {
  const [, first, last, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last ?? first)];
  if (first === undefined || from < 1 || to > MOST_PORTS || to < from) {
    throw new DockerfileProblem(`"${text}" is no port: write 80, 80/udp or 8000-8010`);
  }
  return Array.from({ length: to - from + 1 }, (_, at) => {
    return `${String(from + at)}/${protocol.toLowerCase()}`;
  });
}

function healthOf({ command, options }: Health): Healthcheck {
  if (command === 'none') return { test: ['NONE'] };
  const test = command.form === 'exec' ? ['CMD', ...command.argv] : ['CMD-SHELL', command.text];
  const times = {
    intervalNs: durationOf(options, 'interval'),
    timeoutNs: durationOf(options, 'timeout'),
    startPeriodNs: durationOf(options, 'start-period'),
    startIntervalNs: durationOf(options, 'start-interval'),
    retries: retriesOf(options),
  };
  const given = Object.entries(times).filter(([, value]) => value !== undefined);
  return { test, ...Object.fromEntries(given) };
}

const NANOSECONDS: Readonly<Record<string, number>> = {
  ...{ h: 3_600_000_000_000, m: 60_000_000_000, s: 1_000_000_000 },
  ...{ ms: 1_000_000, us: 1000, µs: 1000, ns: 1 },
};

/** As Go's time.ParseDuration: `1m30s` */
function durationOf(options: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  if (text === '' || parts.map(([part]) => part).join('') !== text) {
    throw new DockerfileProblem(`--${name}=${text} is no duration: write 30s or 1m30s`);
  }
  return parts.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (NANOSECONDS[unit] ?? 0),
    0,
  );
}

function retriesOf(options: ReadonlyMap<string, string>): number | undefined {
  const text = options.get('retries');
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? text : Number(text);
  throw new DockerfileProblem(`--retries=${text} is no number`);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
