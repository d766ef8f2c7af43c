import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { makeCheckout } from '../support/checkouts.ts';
import { repositoryRoot } from '../support/repository.ts';
import { sandboxTest } from '../support/sandbox-home.ts';
import { SLIM } from '../support/vms.ts';

const agent = join(repositoryRoot, 'test/support/programs/acp-agent.sh');

/** Answers of the stand-in agent, byte for byte */
const INITIALIZED =
  '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}';
const UPDATE = '{"jsonrpc":"2.0","method":"session/update","params":{"text":"héllo"}}';
const DONE = '{"jsonrpc":"2.0","id":2,"result":{"stopReason":"end_turn"}}';

sandboxTest('an ACP agent in a VM', {}, async (home, _, part) => {
  await home.ok(['vm', 'create', '--name', 'web', ...SLIM]);
  const install = 'cat > /usr/local/bin/agent; chmod +x /usr/local/bin/agent; mkdir -p /root/work';
  await home.ok(['exec', 'web', '--', 'sh', '-c', install], { stdin: await readFile(agent) });

  await part('is spoken to message by message, and nothing else is on stdout', async () => {
    const child = home.start([
      'vm',
      'acp',
      '--agent',
      'agent --fast',
      '--cwd',
      '/root/work',
      'web',
    ]);
    if (child.stdin === null || child.stdout === null || child.stderr === null) throw new Error();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = once(child, 'close');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value;

    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}\n');
    assert.equal(await next(), INITIALIZED);
    child.stdin.write('{"jsonrpc":"2.0","id":2,"method":"session/prompt","params":{}}\n');
    assert.deepEqual([await next(), await next()], [UPDATE, DONE]);
    child.stdin.end();

    await closed;
    assert.equal(child.exitCode, 9);
    assert.equal(await next(), undefined);
    assert.equal(stderr, 'agent in /root/work\n');
  });

  await part('and sessions run in the workspace of the VM', async () => {
    await using checkout = await makeCheckout();
    await home.ok(['vm', 'workspace', 'prepare', 'web', checkout.path]);

    const agentRan = await home.banger(['vm', 'acp', '--agent', 'agent', 'web'], { stdin: '' });
    await home.ok(['vm', 'session', 'start', 'web', '--name', 'here', '--', 'pwd']);
    const logs = await home.ok(['vm', 'session', 'logs', '-f', 'web', 'here']);

    assert.deepEqual([agentRan.status, agentRan.stdout], [9, '']);
    assert.match(agentRan.stderr, /^agent in \/root\/repo$/m);
    assert.equal(logs.stdout, '/root/repo\n');
  });

  await part('that is not there is 127, with a hint that names the image', async () => {
    const { status, stdout, stderr } = await home.banger(['vm', 'acp', 'web'], { stdin: '' });

    assert.deepEqual([status, stdout], [127, '']);
    assert.match(stderr, /^error: .*image "debian-bookworm-slim" has no "opencode"/m);
    assert.match(stderr, /^hint: .*banger vm exec web -- /m);
  });
});
