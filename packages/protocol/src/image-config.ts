import { z } from 'zod';

/** Bounds of what an image may say of itself: a hundred times what real ones do. */
const MAX_ITEMS = 4096;
const MAX_TEXT = 131_072;

const Text = z.string().max(MAX_TEXT);
const Texts = z.array(Text).max(MAX_ITEMS);

/** Docker's extension of the OCI configuration (github.com/moby/docker-image-spec, section "Image JSON"); nanoseconds. */
export const Healthcheck = z.object({
  test: Texts,
  intervalNs: z.number().optional(),
  timeoutNs: z.number().optional(),
  startPeriodNs: z.number().optional(),
  startIntervalNs: z.number().optional(),
  retries: z.number().optional(),
});
export type Healthcheck = z.infer<typeof Healthcheck>;

/**
 * How an image is to be run: `config` of the OCI image configuration (image-spec, config.md, "Properties"), with null
 * for what it does not say. An image that is not from a registry says nothing.
 */
export const ImageConfig = z.object({
  entrypoint: Texts.nullable().default(null),
  cmd: Texts.nullable().default(null),
  /** `NAME=VALUE`, in order */
  env: Texts.default([]),
  /** `user`, `uid`, `user:group` or `uid:gid`; empty: root */
  user: Text.default(''),
  /** Empty: `/` */
  workingDir: Text.default(''),
  /** `SIGTERM`, `SIGRTMIN+3`, `15` */
  stopSignal: Text.nullable().default(null),
  /** `8080/tcp` */
  exposedPorts: Texts.default([]),
  volumes: Texts.default([]),
  labels: z.record(Text, Text).default({}),
  /** Of a Dockerfile's shell form */
  shell: Texts.nullable().default(null),
  healthcheck: Healthcheck.nullable().default(null),
  /** Of an image that is built from this one */
  onBuild: Texts.default([]),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

/** What it takes to run commands in a machine made from an image. */
export const ImageRun = ImageConfig.pick({
  entrypoint: true,
  cmd: true,
  env: true,
  user: true,
  workingDir: true,
  stopSignal: true,
});
export type ImageRun = z.infer<typeof ImageRun>;

/** Of an image that says nothing. */
export const noImageConfig: ImageConfig = ImageConfig.parse({});
