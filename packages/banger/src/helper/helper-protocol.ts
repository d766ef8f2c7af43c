/**
 * What a daemon may ask of the helper for bridges, which runs as root: this list and nothing else (jail-protocol.ts has the
 * list of the one for jails). One line of JSON each way and
 * request, answered in their order, so that what is asked for twice is done one after the other. Nothing in a request is
 * a command, a path of the client's choosing or a setting: those are in the helper's own settings, which only root writes.
 */
import { z } from 'zod';

import { WireError } from '@banger/protocol/wire-error';

import { BridgePort, LinkName } from '../network/bridge/bridge-port.ts';

/** Of a line; a request that is longer ends the connection */
export const MAX_REQUEST_BYTES = 64 * 1024;
export const MAX_ANSWER_BYTES = 1024 * 1024;
/** More VMs than a bridge's usual subnet has addresses */
const MAX_PORTS = 300;

/** Where systemd-resolved asks; that it is of this host is checked with the settings */
const NameServer = z.strictObject({
  address: z.union([z.ipv4(), z.literal('::1')]),
  port: z.int().min(1).max(65_535),
});

/** Of a request, in its connection */
export const RequestNumber = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const id = RequestNumber;

export const HelperRequest = z.discriminatedUnion('method', [
  z.strictObject({ id, method: z.literal('hello') }),
  z.strictObject({ id, method: z.literal('bridge.problems') }),
  z.strictObject({ id, method: z.literal('bridge.ensureTap'), tap: LinkName }),
  z.strictObject({ id, method: z.literal('bridge.ensurePort'), port: BridgePort }),
  z.strictObject({ id, method: z.literal('bridge.removeTap'), tap: LinkName }),
  z.strictObject({ id, method: z.literal('bridge.listTaps') }),
  z.strictObject({
    id,
    method: z.literal('bridge.repair'),
    ports: z.array(BridgePort).max(MAX_PORTS),
  }),
  z.strictObject({ id, method: z.literal('resolver.route'), at: NameServer }),
  z.strictObject({ id, method: z.literal('resolver.unroute') }),
]);
export type HelperRequest = z.infer<typeof HelperRequest>;

export type HelperMethod = HelperRequest['method'];
/** A request as its caller says it, without the number that the connection gives it */
export type CallOf<Requests> = Requests extends { readonly id: number }
  ? Omit<Requests, 'id'>
  : never;
export type HelperCall = CallOf<HelperRequest>;

export const HelperAnswer = z.union([
  /** `value` is what the method resolves with, null for nothing */
  z.strictObject({ id, value: z.json() }),
  /** `id` is null when the request was none */
  z.strictObject({ id: id.nullable(), error: WireError }),
]);
export type HelperAnswer = z.infer<typeof HelperAnswer>;

/** What `hello` is answered with. */
export const HelperGreeting = z.strictObject({
  version: z.string(),
  bridge: z.strictObject({ name: z.string(), address: z.string(), subnet: z.string() }),
  jail: z.strictObject({ jailer: z.string(), firecracker: z.string() }),
});
export type HelperGreeting = z.infer<typeof HelperGreeting>;
