import { readFile } from 'node:fs/promises';

import { parse, TomlError, type TomlTable } from 'smol-toml';
import { z } from 'zod';

import type { ConfigValue } from '@banger/protocol/doctor';
import { BangerError } from '@banger/protocol/errors';

import {
  configKeys,
  isConfigKey,
  variableOf,
  type ConfigKey,
  type ConfigValues,
} from './config-keys.ts';
import { lineOfKey } from './config-lines.ts';
import { parseCatalogs, type CatalogSettings } from './catalog-config.ts';
import { parseFileSync, type FileSyncEntry } from './file-sync-config.ts';
import { checkBridge } from './network-keys.ts';
import { parseRegistries, type RegistrySettings } from './registry-config.ts';

/** The configuration of a daemon: read once at its start, from the file, then the environment. */
export interface Config {
  readonly values: ConfigValues;
  readonly fileSync: readonly FileSyncEntry[];
  readonly registries: readonly RegistrySettings[];
  /** Where more images and kernels are offered, in this order */
  readonly catalogs: readonly CatalogSettings[];
  /** One entry per key, with where it came from */
  readonly effective: readonly ConfigValue[];
}

export interface ConfigSources {
  readonly file: string;
  /** undefined: there is no such file */
  readonly text: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function readConfig(file: string, env: ConfigSources['env']): Promise<Config> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new BangerError('config.invalid', `Cannot read configuration "${file}"`, {
      cause: error,
    });
  });
  return parseConfig({ file, text, env });
}

/** Pure. Rejects the first unknown key or bad value with its file, line, key and what is allowed. */
export function parseConfig(sources: ConfigSources): Config {
  const { values: fromFile, lists } = fileValues(sources);
  const effective: ConfigValue[] = [];
  for (const key of Object.keys(configKeys).filter(isConfigKey)) {
    effective.push(effectiveValue(key, fromFile, sources));
  }
  // Every key is present with a value that its own schema made, which the loop above cannot tell the compiler.
  const values = Object.fromEntries(effective.map(({ key, value }) => [key, value])) as unknown;
  const { file_sync: fileSync = [], registry: registries = [], catalog: catalogs = [] } = lists;
  effective.push(listValue('file_sync', lists.file_sync?.map(showFileSync), sources));
  effective.push(listValue('registry', lists.registry, sources));
  effective.push(listValue('catalog', lists.catalog, sources));
  const config = { values: values as ConfigValues, fileSync, registries, catalogs, effective };
  const source = (key: ConfigKey) =>
    effective.find((value) => value.key === key)?.source ?? 'built-in';
  checkBridge(config.values, { address: source('bridge_ip'), subnet: source('cidr') });
  return config;
}

function effectiveValue(
  key: ConfigKey,
  fromFile: ReadonlyMap<ConfigKey, unknown>,
  { file, text, env }: ConfigSources,
): ConfigValue {
  const variable = variableOf(key);
  const fromVariable = env[variable];
  if (fromVariable !== undefined && fromVariable !== '') {
    return {
      key,
      value: check(key, fromVariable, variable),
      origin: 'environment',
      source: variable,
    };
  }
  if (fromFile.has(key)) {
    const source = `${file}:${String(lineOfKey(text ?? '', key))}`;
    return { key, value: check(key, fromFile.get(key), source), origin: 'file', source };
  }
  const { fallback } = configKeys[key];
  return { key, value: fallback, origin: fallback === undefined ? 'host' : 'default' };
}

function check(key: ConfigKey, value: unknown, where: string): unknown {
  const result = configKeys[key].schema.safeParse(value);
  if (result.success) return result.data;
  const allowed = result.error.issues.map(describeIssue).join('; ');
  throw new BangerError(
    'config.invalid',
    `Cannot use configuration key "${key}" at ${where}: ${JSON.stringify(value)} is not allowed (${allowed})`,
    { hint: `Edit ${where}` },
  );
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_value') return issue.message;
  return `one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
}

/** The keys that are lists of tables, and that no variable overrides. */
interface Lists {
  file_sync?: readonly FileSyncEntry[];
  registry?: readonly RegistrySettings[];
  catalog?: readonly CatalogSettings[];
}

const LIST_KEYS: readonly (keyof Lists)[] = ['file_sync', 'registry', 'catalog'];

interface FileValues {
  readonly values: ReadonlyMap<ConfigKey, unknown>;
  /** Those that are set */
  readonly lists: Lists;
}

function fileValues({ file, text, env }: ConfigSources): FileValues {
  const values = new Map<ConfigKey, unknown>();
  const lists: Lists = {};
  if (text === undefined) return { values, lists };
  const source = { file, text, home: env['HOME'] ?? '/' };
  for (const [key, value] of flatten(parseToml(file, text))) {
    if (isConfigKey(key)) values.set(key, value);
    else if (key === 'file_sync') lists.file_sync = parseFileSync(value, source);
    else if (key === 'registry') lists.registry = parseRegistries(value, source);
    else if (key === 'catalog') lists.catalog = parseCatalogs(value, source);
    else throw unknownKey(key, `${file}:${String(lineOfKey(text, key))}`);
  }
  return { values, lists };
}

function listValue(
  key: keyof Lists,
  value: readonly unknown[] | undefined,
  { file, text }: ConfigSources,
): ConfigValue {
  if (value === undefined) return { key, value: [], origin: 'default' };
  return { key, value, origin: 'file', source: `${file}:${String(lineOfKey(text ?? '', key))}` };
}

/** The permissions as they were written. */
function showFileSync({ host, guest, mode }: FileSyncEntry) {
  return { host, guest, mode: mode.toString(8).padStart(4, '0') };
}

function parseToml(file: string, text: string): TomlTable {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const where = `${file}:${String(cause.line)}`;
    throw new BangerError(
      'config.invalid',
      `Cannot read configuration at ${where}: not valid TOML`,
      {
        cause,
        hint: `Edit ${where}`,
      },
    );
  }
}

const Table = z.record(z.string(), z.unknown());

/** One level deep: `[vm_defaults] memory` becomes `vm_defaults.memory`. */
function flatten(table: TomlTable): readonly (readonly [string, unknown])[] {
  return Object.entries(table).flatMap(([key, value]): (readonly [string, unknown])[] => {
    const inner =
      Array.isArray(value) || value instanceof Date ? undefined : Table.safeParse(value);
    if (inner?.success !== true) return [[key, value] satisfies [string, unknown]];
    return Object.entries(inner.data).map(([name, deep]): [string, unknown] => [
      `${key}.${name}`,
      deep,
    ]);
  });
}

function unknownKey(key: string, where: string): BangerError {
  return new BangerError(
    'config.invalid',
    `Cannot use configuration key "${key}" at ${where}: there is no such key`,
    {
      hint: `Allowed are ${[...Object.keys(configKeys), ...LIST_KEYS].join(', ')}`,
    },
  );
}
