import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';
import { ImageConfig } from '@banger/protocol/image-config';

import { fits, otherPlatform, type Platform } from './platform.ts';

/** What the configuration blob of an image says (image-spec, config.md). */
export interface ImageConfiguration {
  readonly config: ImageConfig;
  /** Digests of the uncompressed layers, lowest first */
  readonly diffIds: readonly string[];
}

export const MAX_CONFIGURATION_BYTES = 8 * 1024 * 1024;

const Texts = z.array(z.string()).nullish();
const Names = z.record(z.string(), z.unknown()).nullish();
const Nanoseconds = z.number().optional();

/** With Docker's additions (moby/docker-image-spec). Go writes `null` for what is empty. */
const Raw = z.object({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  config: z
    .object({
      Entrypoint: Texts,
      Cmd: Texts,
      Env: Texts,
      User: z.string().nullish(),
      WorkingDir: z.string().nullish(),
      StopSignal: z.string().nullish(),
      ExposedPorts: Names,
      Volumes: Names,
      Labels: z.record(z.string(), z.string()).nullish(),
      Shell: Texts,
      OnBuild: Texts,
      Healthcheck: z
        .object({
          Test: Texts,
          Interval: Nanoseconds,
          Timeout: Nanoseconds,
          StartPeriod: Nanoseconds,
          StartInterval: Nanoseconds,
          Retries: z.number().optional(),
        })
        .nullish(),
    })
    .nullish(),
  rootfs: z.object({
    type: z.literal('layers'),
    diff_ids: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).nullish(),
  }),
});

/** Rejects with `image.bad_content`, or with `image.other_platform` when it is for another one. */
export function parseImageConfiguration(bytes: Buffer, platform: Platform): ImageConfiguration {
  const raw = readRaw(bytes);
  refuseOtherPlatform(raw, platform);
  const config = ImageConfig.safeParse(configOf(raw.config ?? {}));
  if (!config.success) throw bad(describe(config.error), config.error);
  return { config: config.data, diffIds: raw.rootfs.diff_ids ?? [] };
}

function readRaw(bytes: Buffer): z.infer<typeof Raw> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  const result = Raw.safeParse(json);
  if (result.success) return result.data;
  throw bad(describe(result.error), result.error);
}

function refuseOtherPlatform(
  { os, architecture, variant }: z.infer<typeof Raw>,
  wanted: Platform,
): void {
  const platform = {
    os: os ?? wanted.os,
    architecture: architecture ?? wanted.architecture,
    variant: variant ?? undefined,
  };
  if (!fits(platform, wanted)) throw otherPlatform(wanted, [platform]);
}

function configOf(raw: NonNullable<z.infer<typeof Raw>['config']>): z.input<typeof ImageConfig> {
  const { Healthcheck: check } = raw;
  return {
    entrypoint: raw.Entrypoint ?? null,
    cmd: raw.Cmd ?? null,
    env: raw.Env ?? [],
    user: raw.User ?? '',
    workingDir: raw.WorkingDir ?? '',
    stopSignal: raw.StopSignal ?? null,
    exposedPorts: Object.keys(raw.ExposedPorts ?? {}),
    volumes: Object.keys(raw.Volumes ?? {}),
    labels: raw.Labels ?? {},
    shell: raw.Shell ?? null,
    onBuild: raw.OnBuild ?? [],
    healthcheck: check == null ? null : healthcheckOf(check),
  };
}

type RawHealthcheck = NonNullable<NonNullable<z.infer<typeof Raw>['config']>['Healthcheck']>;

function healthcheckOf(raw: RawHealthcheck) {
  return {
    test: raw.Test ?? [],
    intervalNs: raw.Interval,
    timeoutNs: raw.Timeout,
    startPeriodNs: raw.StartPeriod,
    startIntervalNs: raw.StartInterval,
    retries: raw.Retries,
  };
}

function describe({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}

function bad(fact: string, cause: unknown): BangerError {
  return new BangerError('image.bad_content', `Cannot use the image's configuration: ${fact}`, {
    cause,
  });
}
