/**
 * `banger system uninstall`: everything that an installation made is taken away, and with `purge` what its owner's banger
 * keeps, too. Goes on past what is gone already, so it finishes what was broken off, and does nothing the second time.
 */
import { rm } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { cacheDirOf, type SystemOwner } from './find-owner.ts';
import {
  DAEMON_UNIT,
  HELPER_INSTANCES,
  INSTANCE_SLICES,
  SOCKET_UNITS,
  START_SOCKET_UNIT,
} from './places.ts';
import type { HelperSettings } from '../helper/helper-settings.ts';
import { sweepJails } from '../vmm/firecracker/jail/sweep-jails.ts';
import { readInstallation } from './read-installation.ts';
import { requireRoot } from './require-root.ts';
import { runningVms } from './running-vms.ts';
import type { SystemHost } from './system-host.ts';
import { removeIfEmpty } from './write-files.ts';

export interface UninstallOptions {
  readonly host: SystemHost;
  /** State and cache of the owner as well */
  readonly purge: boolean;
  readonly onText: (text: string) => void;
}

/** Rejects with `system.in_use`, and changes nothing, while a VM of the owner runs. */
export async function uninstallSystem(
  { host, purge, onText }: UninstallOptions,
  signal: AbortSignal,
): Promise<void> {
  await requireRoot(host, 'uninstall');
  const { places, systemd } = host;
  const settings = (await readInstallation(places))?.settings;
  const owner =
    settings === undefined ? undefined : await host.findOwner(settings.owner.name, signal);
  if (settings !== undefined && owner !== undefined) {
    const run = host.asOwner(owner);
    refuseWhile(await runningVms(settings, run, signal));
  }
  onText('Stopping the services');
  for (const unit of [START_SOCKET_UNIT, DAEMON_UNIT, ...SOCKET_UNITS]) {
    if ((await systemd.show(unit, signal)).active === 'unknown') continue;
    await systemd.control(['disable', '--now', unit], signal).catch(unlessUnknown);
  }
  await systemd.control(['stop', ...HELPER_INSTANCES, INSTANCE_SLICES], signal);
  if (settings !== undefined) {
    onText('Removing taps, the bridge and the way to names of VMs');
    const bridge = host.bridge(settings);
    for (const tap of await bridge.listTaps(signal)) await bridge.removeTap(tap, signal);
    await host.resolver(settings).unroute(signal);
    onText('Removing jails');
    await removeJails(host, settings, signal);
  }
  onText('Removing the units and the program');
  for (const file of [...Object.values(places.units), places.settings])
    await rm(file, { force: true });
  await removeIfEmpty(places.settingsDir);
  await removeIfEmpty(places.runDir);
  for (const left of ['', '.new', '.old'])
    await rm(`${places.program}${left}`, { recursive: true, force: true });
  await systemd.control(['daemon-reload'], signal);
  if (purge && settings !== undefined && owner !== undefined)
    await purgeOwner(host, { owner, stateDir: settings.owner.stateDir, onText }, signal);
}

/** Of VMs that do not run: what is in one is a monitor that its daemon has forgotten. */
async function removeJails(
  host: SystemHost,
  settings: HelperSettings,
  signal: AbortSignal,
): Promise<void> {
  const failures = await sweepJails(host.jails(settings), new Set(), signal);
  if (failures.length > 0)
    throw new BangerError('system.failed', 'Cannot remove the jails of VMs', {
      cause: failures[0],
      hint: 'sudo banger system uninstall',
    });
  await rm(host.places.jails, { recursive: true, force: true });
}

interface Purge {
  readonly owner: SystemOwner;
  readonly stateDir: string;
  readonly onText: (text: string) => void;
}

/** With the owner's rights: in directories of theirs, root would follow whatever is put there meanwhile. */
async function purgeOwner(
  host: SystemHost,
  { owner, stateDir, onText }: Purge,
  signal: AbortSignal,
): Promise<void> {
  const dirs = [stateDir, cacheDirOf(owner)];
  onText(`Removing ${dirs.join(' and ')}`);
  const { exitCode, stderr } = await host.asOwner(owner)(['rm', '-rf', '--', ...dirs], signal);
  if (exitCode === 0) return;
  throw new BangerError(
    'system.failed',
    `Cannot remove the state of "${owner.name}": ${stderr.trim()}`,
    {
      hint: `sudo rm -rf ${dirs.join(' ')}`,
    },
  );
}

function refuseWhile(running: readonly string[]): void {
  if (running.length === 0) return;
  throw new BangerError(
    'system.in_use',
    `Cannot uninstall: ${running.length === 1 ? 'this VM runs' : 'these VMs run'}: ${running.join(', ')}`,
    { hint: `banger vm stop ${running.join(' ')}`, details: { running } },
  );
}

/** A unit that is gone need not be disabled. */
function unlessUnknown(error: unknown): void {
  if (error instanceof Error && /not loaded|does not exist|No such file/.test(error.message))
    return;
  throw error;
}
