/**
 * `banger system install`: the daemon as a service of its owner, and the helpers that root runs for it. Every step has its
 * undo, so a failure in the middle leaves what was there before. Repeatable: the same again, or another build over it.
 * VMs live through it.
 */
import { BangerError } from '@banger/protocol/errors';

import { HelperSettings } from '../helper/helper-settings.ts';
import { bangerIn } from './as-owner.ts';
import { stateDirOf, type SystemOwner } from './find-owner.ts';
import { ownerSettings } from './owner-settings.ts';
import { DAEMON_UNIT, PROGRAM_DIR, SOCKET_UNITS } from './places.ts';
import { copyProgram, forgetEarlierProgram, type ProgramSource } from './program-files.ts';
import { requireRoot } from './require-root.ts';
import { runChanges, type Change } from './run-changes.ts';
import type { SystemHost } from './system-host.ts';
import { unitTexts } from './unit-texts.ts';
import { writeFiles } from './write-files.ts';

export interface InstallOptions {
  readonly host: SystemHost;
  readonly source: ProgramSource;
  /** A user's name */
  readonly owner: string;
  readonly onText: (text: string) => void;
}

/** Resolves with whom it is for, when the units serve. */
export async function installSystem(
  { host, source, owner: name, onText }: InstallOptions,
  signal: AbortSignal,
): Promise<SystemOwner> {
  await requireRoot(host, 'install');
  const { places } = host;
  const owner = await host.findOwner(name, signal);
  const { uid, gid } = owner;
  const settings = HelperSettings.parse({
    owner: { name, uid, gid, stateDir: stateDirOf(owner) },
    ...(await ownerSettings(owner)),
  });
  const units = Object.entries(unitTexts(owner)).map(([unit, text]) => [
    Object.entries(places.units).find(([known]) => known === unit)?.[1] ?? '',
    text,
  ]);
  const changes = [
    rememberServices(host),
    copyProgram(source, places.program),
    writeFiles(`Writing ${places.settings}`, {
      [places.settings]: `${JSON.stringify(settings, null, 2)}\n`,
    }),
    writeFiles('Writing the units', Object.fromEntries(units) as Record<string, string>),
    loadUnits(host),
    handOver(host, owner),
    startUnits(host, owner),
  ];
  await runChanges(changes, { cannot: 'Cannot set banger up', onText, signal });
  await forgetEarlierProgram(places.program);
  return owner;
}

/** First of all, so undone last: with the earlier program and units back, what served before serves again. */
function rememberServices({ systemd }: SystemHost): Change {
  let wasEnabled = false;
  return {
    text: 'Looking at what is there',
    async run(signal) {
      wasEnabled = (await systemd.show(DAEMON_UNIT, signal)).isEnabled;
    },
    async undo(signal) {
      await systemd.control(['daemon-reload'], signal);
      if (wasEnabled) await systemd.control(['restart', ...SOCKET_UNITS, DAEMON_UNIT], signal);
    },
  };
}

function loadUnits({ systemd }: SystemHost): Change {
  const reload = (signal: AbortSignal) => systemd.control(['daemon-reload'], signal);
  return { text: 'Loading the units', run: reload, undo: () => Promise.resolve() };
}

/** A daemon that the owner has started by itself makes room for the service; its VMs go over to that one. */
function handOver(host: SystemHost, owner: SystemOwner): Change {
  return {
    text: `Stopping a daemon that ${owner.name} has started`,
    async run(signal) {
      if ((await host.systemd.show(DAEMON_UNIT, signal)).isActive) return;
      await host.asOwner(owner)([bangerIn(PROGRAM_DIR), 'daemon', 'stop'], signal);
    },
    undo: () => Promise.resolve(), // The owner's next command starts one.
  };
}

/** A service that serves already is restarted, to run what was copied. */
function startUnits(host: SystemHost, owner: SystemOwner): Change {
  const { systemd } = host;
  let wasEnabled = false;
  return {
    text: 'Starting the services',
    async run(signal) {
      wasEnabled = (await systemd.show(DAEMON_UNIT, signal)).isEnabled;
      await systemd.control(['enable', ...SOCKET_UNITS, DAEMON_UNIT], signal);
      await systemd.control(['restart', ...SOCKET_UNITS, DAEMON_UNIT], signal);
      await waitForDaemon(host, owner, signal);
    },
    async undo(signal) {
      if (!wasEnabled)
        await systemd.control(['disable', '--now', DAEMON_UNIT, ...SOCKET_UNITS], signal);
    },
  };
}

/** A unit that fails is told of at once; a host may be slow. */
const READY_MS = 180_000;
const POLL_MS = 250;

async function waitForDaemon(
  host: SystemHost,
  owner: SystemOwner,
  signal: AbortSignal,
): Promise<void> {
  const deadline = AbortSignal.timeout(READY_MS);
  try {
    await daemonAnswers(host, owner, AbortSignal.any([signal, deadline]));
  } catch (error) {
    if (signal.aborted || !deadline.aborted) throw error;
    throw notServing(`it does not answer within ${String(READY_MS / 1000)} s`);
  }
}

async function daemonAnswers(
  host: SystemHost,
  owner: SystemOwner,
  signal: AbortSignal,
): Promise<void> {
  const { systemd, clock } = host;
  const run = host.asOwner(owner);
  for (;;) {
    const { exitCode } = await run([bangerIn(PROGRAM_DIR), 'daemon', 'status'], signal);
    if (exitCode === 0) return;
    const { active } = await systemd.show(DAEMON_UNIT, signal);
    if (active === 'failed' || active === 'inactive') throw notServing(`it is ${active}`);
    await clock.wait(POLL_MS, signal);
  }
}

function notServing(why: string): BangerError {
  return new BangerError('system.failed', `the daemon's service does not serve: ${why}`, {
    hint: `journalctl --unit ${DAEMON_UNIT} --lines 20`,
  });
}
