import assert from 'node:assert/strict';
import { basename } from 'node:path';

import { z } from 'zod';

import { VmDetails } from '@banger/protocol/vm';

import { bundledTest } from '../support/bundled-test.ts';
import { installJailStandIns, NESTED, pullNestedHost } from '../support/nested-host.ts';
import { mayMakeNamespaces } from '../support/network-namespace.ts';
import { sandboxTest } from '../support/sandbox-home.ts';

const banger = `${NESTED.home}/banger/bin/banger`;
const asAna = 'runuser -u ana -- env XDG_RUNTIME_DIR=/run/user/1000 BANGER_NO_DAEMON_START=1';
const NODE = 'banger/node_modules/node/bin/node';
const JAIL_TEST = 'packages/banger/src/vmm/firecracker/jail/create-jail-host.test.ts';
const GATEWAY = '172.16.0.1';
const options = {
  templates: 'own',
  ownNetwork: true,
  skip: !mayMakeNamespaces,
  timeoutMs: 1_800_000,
} as const;

/** banger inside banger: in a VM with systemd, which is a host of its own. What emulation makes slow is asked for together. */
sandboxTest('banger system', options, async (home, _, part) => {
  await pullNestedHost(home);
  const size = ['--vcpu', '2', '--memory', '2G', '--disk-size', '1G', '--no-template'];
  await home.ok(['run', '-d', '--name', 'host', '--image', NESTED.image, ...size]);
  const run = (script: string) =>
    home.banger(['exec', 'host', '--', 'sh', '-c', script], { stdin: '', timeoutMs: 600_000 });
  const says = async (script: string) => {
    const { status, stdout, stderr } = await run(script);
    assert.equal(status, 0, `${script}\n${stdout}\n${stderr}`);
    return stdout.trimEnd();
  };
  await says(`runuser -u ana -- sh -c '${OWNERS_FILES}'`);
  await installJailStandIns(home);
  const before = await everything();

  await part('jails are held to their limits by control groups of version 2', async () => {
    await using test = await bundledTest(JAIL_TEST);
    await home.ok(['cp', test.path, 'host:/tmp/']);
    assert.equal(await says('stat -f -c %T /sys/fs/cgroup'), 'cgroup2fs');
    const ran = await says(
      `${NESTED.home}/${NODE} --test-reporter tap --test-name-pattern "within its limits" /tmp/${basename(test.path)}`,
    );

    assert.match(ran, /^# pass 1$/m);
    assert.deepEqual(await changes(), []);
  });

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
    await says(`runuser -u ana -- cp -a ${NESTED.store} ~ana/.local/state/banger`);
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
      const open = `require("net").connect("/run/banger/${socket}.sock")`;
      const { stderr } = await run(`runuser -u nobody -- /usr/local/lib/${NODE} -e '${open}'`);
      const score = await says(
        `systemd-analyze security --no-pager ${unit}@x.service | grep 'Overall exposure'`,
      );

      assert.match(stderr, /EACCES/);
      assert.ok(Number(/([\d.]+) [A-Z]+/.exec(score)?.[1]) < limit, score);
    }
    assert.equal(await says('systemd-analyze verify /etc/systemd/system/banger*.s* 2>&1'), '');
  });

  await part('its owner has jails, by the helper, which they outlive', async () => {
    assert.match(await says(`${asAna} ${banger} doctor || true`), /^PASS +jailer /m);
    await using program = await bundledTest('test/support/programs/jail-owner.ts');
    await home.ok(['cp', program.path, 'host:/tmp/']);
    const asks = async (what: string): Promise<unknown> =>
      JSON.parse(
        await says(`${asAna} ${NESTED.home}/${NODE} /tmp/${basename(program.path)} ${what}`),
      );
    const started = StartedJail.parse(await asks('start'));
    const of = (file: string) => says(`cat /proc/${String(started.pid)}/${file}`);

    assert.deepEqual(started.problems, []);
    assert.match(started.refused, /Cannot use "\/etc\/shadow" for a jail/);
    assert.match(await of('status'), new RegExp(`^Uid:\\s${String(started.uid)}\\s`, 'm'));
    assert.match(await of('cgroup'), /^0::\/banger\/[0-9a-f]{8}\/vm-one$/m);
    assert.deepEqual(await asks('end'), { pid: started.pid, left: [] });
  });

  await part('its owner has a VM on the bridge, by the helper', async () => {
    await says(`${asAna} ${banger} vm create --name web ${NESTED.inner.join(' ')}`);
    const { vmm } = await shown();

    assert.match(await says('ip -br link'), /^br-banger .*\nbgr\w+-\d+ +UP /m);
    const status = await says(`cat /proc/${String(vmm?.pid)}/status`);
    assert.match(status, /^Uid:\s1000\s1000\s/m);
    assert.match(status, /^CapEff:\s0+$/m);
    assert.match(await inVm(`ping -c 1 -w 60 ${GATEWAY}`), / 0% packet loss/);
  });

  await part('it lives through a restart of both services', async () => {
    const [before, daemon] = [await facts(), await daemonPid()];

    await says(`${banger} system restart`);

    await answers();
    assert.notEqual(await daemonPid(), daemon);
    assert.deepEqual(await facts(), before);
  });

  await part('it lives through the death of both', async () => {
    const [before, daemon] = [await facts(), await daemonPid()];

    await says(`systemctl kill -s KILL 'banger-helper@*' && kill -9 ${daemon}`);

    await answers();
    assert.notEqual(await daemonPid(), daemon);
    assert.deepEqual(await facts(), before);
    // Through a helper that was started since.
    await says(`${asAna} ${banger} vm set web --nat`);
    assert.match(await says('nft list ruleset'), /masquerade/);
    assert.match(await inVm(`ping -c 1 -w 60 ${GATEWAY}`), / 0% packet loss/);
  });

  await part('nothing is uninstalled while it runs', async () => {
    const { status, stderr } = await run(`${banger} system uninstall --purge`);

    assert.notEqual(status, 0);
    assert.match(stderr, /this VM runs: web\nhint: .*banger vm stop web/);
    assert.match(await says(`${asAna} ${banger} system status`), /^bangerd\.service: active/m);
    await says(`${asAna} ${banger} vm delete web`);
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

  async function shown(): Promise<VmDetails> {
    return VmDetails.parse(JSON.parse(await says(`${asAna} ${banger} vm show web --json`)));
  }

  function inVm(command: string): Promise<string> {
    return says(`${asAna} ${banger} vm exec web -- ${command}`);
  }

  /** What is other after a start, and the same for as long as it runs */
  async function facts() {
    const bootId = await inVm('cat /proc/sys/kernel/random/boot_id');
    return { pid: (await shown()).vmm?.pid, bootId };
  }

  function daemonPid(): Promise<string> {
    return says('systemctl show -P MainPID bangerd');
  }

  async function answers(): Promise<void> {
    await says(`until ${asAna} ${banger} daemon status; do sleep 1; done`);
  }

  /** All that an installation and its VMs might leave on their host */
  async function everything(): Promise<readonly string[]> {
    const list = await says(EVERYTHING);
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

/** What `jail-owner.ts` says */
const StartedJail = z.object({
  problems: z.array(z.unknown()),
  refused: z.string(),
  uid: z.int(),
  pid: z.int(),
});

const OWNERS_FILES = `cd ${NESTED.home} && mkdir -p .local/state .cache .config/banger
cat >.config/banger/config.toml <<END
${NESTED.config}END`;

/** Files, mounts, control groups, links, rules, forwarding, and what runs */
const EVERYTHING = `find / -xdev \\( -path /var/log -o -path /var/lib/systemd -o -path /var/cache -o -path /tmp \\) -prune -o -print
find /run/banger /run/user 2>&1
cut -d" " -f2 /proc/mounts
find /sys/fs/cgroup -type d | grep -e banger -e user
ip -br link | cut -d" " -f1
nft list ruleset
sysctl net.ipv4.ip_forward
pgrep -u ana -a
pgrep -a 'qemu|node'
true`;
