/**
 * A state file: what QEMU says of its devices, then what Firecracker knows of the machine as JSON, then how long that is, a
 * checksum over all before it, and a mark. QEMU stops reading where its own part ends.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

import * as z from 'zod';

import { savedResources, type SavedResources } from './resources.ts';

const MARK = Buffer.from('FAKE\0FC\n');
const TAIL_BYTES = 4 + 4 + MARK.length;

/** In the words of Firecracker (src/vmm/src/snapshot/mod.rs) */
export class SnapshotError extends Error {}

export interface StateFile {
  /** Of the format: "7.0.0" */
  readonly version: string;
  readonly resources: SavedResources;
}

const content = z.object({ version: z.string(), resources: savedResources });

/** Adds it to a file in which QEMU has written its part. */
export function sealState(file: string, state: StateFile): void {
  const json = Buffer.from(JSON.stringify(state));
  const devices = readFileSync(file);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(json.length);
  numbers.writeUInt32BE(crc32(json, crc32(devices)), 4);
  appendFileSync(file, Buffer.concat([json, numbers, MARK]));
}

/** @throws SnapshotError */
export function openState(file: string, version: string): SavedResources {
  const bytes = readFileSync(file);
  const tail = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES));
  if (tail.length < TAIL_BYTES) throw new SnapshotError('IO Error: File too short to contain CRC');
  const jsonBytes = tail.readUInt32BE(0);
  const body = bytes.subarray(0, -TAIL_BYTES);
  if (!tail.subarray(8).equals(MARK) || crc32(body) !== tail.readUInt32BE(4)) {
    throw new SnapshotError('CRC64 validation failed');
  }
  const state = content.parse(JSON.parse(body.subarray(-jsonBytes).toString()));
  if (state.version !== version) {
    throw new SnapshotError(`Invalid data version: ${state.version}`);
  }
  return state.resources;
}
