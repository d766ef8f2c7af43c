/** What a load asks for, and what of it can be seen to be wrong before anything is loaded. */
import { statSync } from 'node:fs';

import * as z from 'zod';

import type { LoadedFiles } from './guest-machine.ts';
import { osError, requireFile, requireTap } from './refusals.ts';
import type { SavedResources } from './resources.ts';
import { openState, SnapshotError } from './snapshot-file.ts';

const BUILDING = 'Failed to build microVM from snapshot: ';
const READING = 'Failed to get snapshot state from file: ';

const schema = z.object({
  snapshot_path: z.string(),
  mem_file_path: z.string().optional(),
  mem_backend: z.object({ backend_type: z.literal('File'), backend_path: z.string() }).optional(),
  resume_vm: z.boolean().default(false),
  network_overrides: z
    .array(z.object({ iface_id: z.string(), host_dev_name: z.string() }))
    .default([]),
  vsock_override: z.object({ uds_path: z.string() }).optional(),
});

export type LoadRequest = z.infer<typeof schema>;

export function parseLoadRequest(body: unknown): LoadRequest & { readonly files: LoadedFiles } {
  const request = schema.parse(body);
  const memory = request.mem_backend?.backend_path ?? request.mem_file_path ?? '';
  return { ...request, files: { state: request.snapshot_path, memory } };
}

/** The machine that was saved, with what is to be different put in */
export function savedMachine(
  {
    files,
    network_overrides: networks,
    vsock_override: vsock,
  }: ReturnType<typeof parseLoadRequest>,
  { version, taps }: { readonly version: string; readonly taps: boolean },
): SavedResources {
  const saved = readState(files.state, version);
  for (const { iface_id, host_dev_name } of networks) {
    const card = saved.networks.find((each) => each.iface_id === iface_id);
    if (card === undefined) throw new Error(`${READING}Unknown Network Device.`);
    card.host_dev_name = host_dev_name;
  }
  if (vsock !== undefined) {
    if (saved.vsock === undefined) throw new Error(`${READING}Unknown Vsock Device.`);
    saved.vsock.uds_path = vsock.uds_path;
  }
  requireMemory(files.memory, saved.machine.mem_size_mib);
  for (const { path_on_host: path } of saved.drives) {
    requireFile(path, `${BUILDING}Unable to restore devices: Block: `, ` ${path}`);
  }
  for (const { host_dev_name: tap } of saved.networks) {
    if (taps) requireTap(tap, `${BUILDING}Unable to restore devices: Net`);
  }
  return saved;
}

function readState(file: string, version: string): SavedResources {
  try {
    return openState(file, version);
  } catch (error) {
    const why =
      error instanceof SnapshotError
        ? `Failed to load snapshot state from file: ${error.message}`
        : `Failed to open snapshot file: ${osError(error)}`;
    throw new Error(`${READING}${why}`, { cause: error });
  }
}

function requireMemory(file: string, mib: number): void {
  const cannot = 'Failed to load guest memory: Error creating guest memory from file: ';
  try {
    if (statSync(file).size >= mib * 1024 * 1024) return;
  } catch (error) {
    throw new Error(`${cannot}Failed to load guest memory: ${osError(error)}`, { cause: error });
  }
  throw new Error(`${cannot}Failed to restore guest memory: Invalid file size`);
}
