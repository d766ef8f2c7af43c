/** Runs a build's step that never ends, in the home of its environment, and says so on its standard output. */
import { aStep, openBuildHost } from '../build-host.ts';

const host = await openBuildHost(process.env);
const baseDisk = await host.rootDisk('debian-bookworm-slim');
const onOutput = (_stream: string, bytes: Uint8Array) => void process.stdout.write(bytes);
const argv = ['sh', '-c', 'echo it runs; exec sleep 1000'];
await host.machines.run(
  aStep(baseDisk, argv, { onOutput }),
  () => Promise.resolve(),
  new AbortController().signal,
);
