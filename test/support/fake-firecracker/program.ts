/** The program; `create-fake-firecracker.ts` puts it into one file, and next to it what kind of Firecracker it plays. */
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod';

import { readApiDescription } from './api-description.ts';
import { startApiServer } from './api-server.ts';
import { ArgumentError, parseCommandLine } from './command-line.ts';
import { Controller } from './controller.ts';
import { FaultPlan } from './faults.ts';
import { createApiValidator } from './validate-request.ts';
import { snapshotVersion } from './versions.ts';

const BAD_ARGUMENTS = 153;

const settings = z
  .object({ version: z.string(), taps: z.boolean(), qemu: z.string() })
  .parse(JSON.parse(readFileSync(beside('settings.json'), 'utf8')));

/** Of the instance, for its log */
let id = 'anonymous-instance';

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const { values, flags } = readArguments(args);
  const { version, taps, qemu } = settings;
  if (flags.has('version')) {
    process.stdout.write(`Firecracker v${version}\n\n`);
    log('Firecracker exiting successfully. exit_code=0');
    return;
  }
  if (flags.has('snapshot-version')) {
    process.stdout.write(`v${snapshotVersion(version)}\n`);
    log('Firecracker exiting successfully. exit_code=0');
    return;
  }
  id = values.id ?? id;
  log(`Running Firecracker v${version}`);
  const faults = new FaultPlan(beside('faults.json'));
  const fault = faults.at('start');
  if (fault?.do === 'die-before') process.kill(process.pid, 'SIGKILL');
  if (fault?.do === 'fail') fail(1, fault.message);
  if (fault?.do === 'silence') return void setInterval(() => undefined, 1 << 30);
  if (fault?.do === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delayMs));

  const socket = values['api-sock'] ?? '/run/firecracker.socket';
  const controller: Controller = new Controller({ version, id, taps, qemu, exit, writeConsole });
  const validator = createApiValidator(readApiDescription(beside('firecracker-api.json')));
  const limit = values['http-api-max-payload-size'];
  try {
    const maxBodyBytes = limit === undefined ? {} : { maxBodyBytes: Number(limit) };
    await startApiServer(socket, { version, controller, validator, faults, exit, ...maxBodyBytes });
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    fail(
      1,
      isTaken
        ? `RunWithApi(FailedToBindSocket("${socket}"))`
        : `RunWithApi(FailedToBindAndRunHttpServer(${String(error)}))`,
    );
  }
  log(`Listening on API socket ("${socket}").`);

  function exit(status: number): void {
    controller.kill();
    log(
      `Firecracker exiting${status === 0 ? ' successfully' : ' with error'}. exit_code=${String(status)}`,
    );
    process.exit(status);
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseCommandLine(args);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return fail(
      BAD_ARGUMENTS,
      `Arguments parsing error: ${error.message} \n\nFor more information try --help.`,
    );
  }
}

function fail(status: number, message: string): never {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(status);
}

/** The file is one that was made before, as Firecracker wants it. */
function writeConsole(text: Buffer, file: string | undefined): void {
  if (file === undefined) process.stdout.write(text);
  else if (statSync(file, { throwIfNoEntry: false })) appendFileSync(file, text);
}

function log(text: string): void {
  process.stdout.write(`${new Date().toISOString()} [${id}:main] ${text}\n`);
}

function beside(name: string): string {
  return join(import.meta.dirname, name);
}
