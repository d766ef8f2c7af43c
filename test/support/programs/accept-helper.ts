/** What systemd does for the helper's socket: `accept-helper.ts <socket> <uid> <program>`, a process per connection. */
import { spawn } from 'node:child_process';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';

const [socket = '', uid = '', program = ''] = process.argv.slice(2);
let count = 0;
const server = createServer({ pauseOnConnect: true }, (connection) => {
  count += 1;
  const instance = `${String(count)}-1-${uid}`;
  const helper = spawn(process.execPath, ['--jitless', program, instance], {
    stdio: ['ignore', 'inherit', 'inherit', connection],
  });
  process.stdout.write(`pid ${String(helper.pid)}\n`);
  connection.destroy(); // The helper has its own.
});
await mkdir(dirname(socket), { recursive: true, mode: 0o711 });
server.listen(socket, () => {
  void Promise.all([chmod(socket, 0o600), chown(socket, Number(uid), 0)]).then(() =>
    process.stdout.write('ready\n'),
  );
});
