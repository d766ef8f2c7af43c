import { connect } from '@banger/sdk';

/** A program as a user writes it: a VM for as long as it is needed. With `hold` it waits to be ended from outside. */
using banger = connect();
await using vm = await banger.vms.create({ image: 'debian-bookworm-slim', memoryMib: 256 });
const { exitCode, stdout } = await vm.exec(['uname', '-s']);
process.stdout.write(`${vm.name} ${String(exitCode)} ${stdout.toString()}`);
if (process.argv.includes('hold')) await vm.exec(['sleep', '1000']);
