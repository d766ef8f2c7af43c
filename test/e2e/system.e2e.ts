import assert from 'node:assert/strict';

import { copyOfProgram } from '../support/installed-program.ts';
import { sandboxTest } from '../support/sandbox-home.ts';

const banger = '/home/ana/banger/bin/banger';
const asAna = 'runuser -u ana -- env XDG_RUNTIME_DIR=/run/user/1000 BANGER_NO_DAEMON_START=1';

/** In a VM with systemd, which is a host of its own. What emulation makes slow is asked for together. */
sandboxTest('banger system', { images: 'full', timeoutMs: 900_000 }, async (home, _, part) => {
  await home.ok(['run', '-d', '--name', 'host', '--vcpu', '2', '--memory', '1G']);
  const run = (script: string) =>
    home.banger(['exec', 'host', '--', 'sh', '-c', script], { stdin: '' });
  const says = async (script: string) => {
    const { status, stdout, stderr } = await run(script);
    assert.equal(status, 0, `${script}\n${stdout}\n${stderr}`);
    return stdout.trimEnd();
  };
  {
    await using program = await copyOfProgram();
    await home.ok(['cp', program.dir, 'host:/opt/banger']);
  }
  await says(
    'useradd -m -s /bin/bash ana && mkdir -p ~ana/.local/state ~ana/.cache && mv /opt/banger ~ana && chown -R ana: ~ana',
  );
  const before = await everything();

  await part('only root may install, for a user that there is', async () => {
    const refused = [
      await run(`${asAna} ${banger} system install --owner ana`),
      await run(`${banger} system install --owner nobody-such`),
      await run(`${banger} system install`),
    ];

    assert.ok(refused.every(({ status }) => status !== 0));
    assert.match(
      refused[0]?.stderr ?? '',
      /uid 1000, and only root may\nhint: .*sudo banger system/,
    );
    assert.match(refused[1]?.stderr ?? '', /"nobody-such": there is no such user\n/);
    assert.match(refused[2]?.stderr ?? '', /Cannot tell for whom .*\nhint: .*--owner <user>/);
  });

  await part('what fails in the middle leaves everything as it was', async () => {
    await says('mkdir /etc/systemd/system/bangerd.service');
    const { status, stderr } = await run(`${banger} system install --owner ana`);
    await says('rmdir /etc/systemd/system/bangerd.service');

    assert.notEqual(status, 0);
    assert.match(stderr, /error: Cannot set banger up: .*bangerd\.service/);
    assert.deepEqual(await changes(), []);
  });

  await part('install starts the daemon for its owner, and the helper when that asks', async () => {
    await says(`${banger} system install --owner ana`);

    const status = await says(`${asAna} ${banger} system status`);
    assert.match(status, /^owner: +ana \(uid 1000\)/m);
    assert.match(status, /^bangerd\.service: active, enabled, pid \d+$/m);
    assert.match(status, /^banger-helper\.socket: active, enabled$/m);
    assert.match(status, /^banger-jail\.socket: active, enabled$/m);
    assert.match(await says(`${asAna} ${banger} daemon status`), /pid/);
    assert.match(
      await says('journalctl -t banger-helper -o cat'),
      /"peerUid":1000,"method":"bridge.listTaps","outcome":"ok"/,
    );
    assert.equal(await says('find /usr/local/lib/banger /etc/banger ! -user root'), '');
  });

  await part('the helpers work for nobody else, and are as closed as they can be', async () => {
    for (const [unit, socket, limit] of [
      ['banger-helper', 'helper', 2.5],
      ['banger-jail', 'jail', 6],
    ] as const) {
      const open = `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("/run/banger/${socket}.sock")'`;
      const { stderr } = await run(`runuser -u nobody -- ${open}`);
      const score = await says(
        `systemd-analyze security --no-pager ${unit}@x.service | grep 'Overall exposure'`,
      );

      assert.match(stderr, /Permission denied/);
      assert.ok(Number(/([\d.]+) [A-Z]+/.exec(score)?.[1]) < limit, score);
    }
    assert.equal(await says('systemd-analyze verify /etc/systemd/system/banger*.s* 2>&1'), '');
  });

  await part('the owner’s daemon makes bridge, taps and rules through the helper', async () => {
    const answers = await says(`${asAna} python3 -c '${ASK}'`);

    assert.deepEqual(answers.split('\n'), ['[]', 'null', '["bgr0882-17"]', 'helper.refused']);
    assert.match(await says('ip -br link'), /^br-banger .*\nbgr0882-17 /m);
  });

  await part('what the daemon has started lives through a restart of both', async () => {
    const group = '/sys/fs/cgroup/system.slice/bangerd.service/cgroup.procs';
    const pid = await says(`sleep 3600 >/dev/null 2>&1 & echo $! | tee ${group}`);
    const daemon = await says('systemctl show -P MainPID bangerd');

    await says(`${banger} system restart`);

    assert.notEqual(await says('systemctl show -P MainPID bangerd'), daemon);
    assert.match(await says(`cat ${group}; cat /proc/${pid}/comm`), new RegExp(`^${pid}$`, 'm'));
    assert.match(await says('ip -br link'), /^bgr0882-17 /m);
    await says(`kill ${pid}`);
  });

  await part('uninstall leaves nothing, and the second time does nothing', async () => {
    await says(`${banger} system uninstall --purge`);
    const status = await run(`${banger} system status`);
    await says(`${banger} system uninstall`);

    assert.equal(status.stdout, 'system: not installed\n');
    assert.equal(status.status, 1);
    assert.deepEqual(await changes(), []);
  });

  await home.ok(['vm', 'delete', 'host']);
  await home.assertHostIsClean();

  /** Files, links and units of the whole host */
  async function everything(): Promise<readonly string[]> {
    const files =
      'find / -xdev ( -path /var/log -o -path /var/lib/systemd -o -path /var/cache -o -path /tmp ) -prune -o -print';
    const list = await says(
      `${files.replaceAll(/[()]/g, '\\$&')}; ls /run/banger 2>&1; ip -br link | cut -d" " -f1`,
    );
    return list.split('\n').toSorted();
  }

  async function changes(): Promise<readonly string[]> {
    const now = await everything();
    const [was, is] = [new Set(before), new Set(now)];
    return [
      ...now.filter((line) => !was.has(line)).map((line) => `+ ${line}`),
      ...before.filter((line) => !is.has(line)).map((line) => `- ${line}`),
    ];
  }
});

/** Asks the helper as the daemon does. Of another banger's tap it wants to know nothing. */
const ASK = `
import hashlib, json, socket
s = socket.socket(socket.AF_UNIX); s.connect("/run/banger/helper.sock"); f = s.makefile("rw")
owner = hashlib.sha256(b"/home/ana/.local/state/banger").hexdigest()[:4]
tap = "bgr" + owner + "-17"
port = dict(tap=tap, mac="02:ba:ac:10:00:11", address="172.16.0.17", nat=True, isolated=True)
for ask in dict(method="bridge.problems"), dict(method="bridge.ensurePort", port=port), dict(method="bridge.listTaps"), dict(method="bridge.removeTap", tap="eth0"):
  f.write(json.dumps(dict(id=1, **ask)) + "\\n"); f.flush()
  said = json.loads(f.readline())
  print(said["error"]["code"] if "error" in said else json.dumps(said["value"]))
`;
