import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import type { GuestListener } from '../guest/guest-listeners.ts';
import { listPorts, type PortsOfVm } from './list-ports.ts';

const nginx: GuestListener = {
  protocol: 'tcp',
  address: '0.0.0.0',
  port: 80,
  pid: 7,
  process: 'nginx',
};
const own = '127.77.1.2:80';
const published = { address: '127.0.0.1', hostPort: 8080, guestPort: 80 };

function list(change: Partial<PortsOfVm> & { readonly open?: readonly string[] } = {}) {
  const { open = [own], ...vm } = change;
  return listPorts({
    name: 'web',
    hostAddress: '127.77.1.2',
    isReached: false,
    publish: [],
    listening: [nginx],
    ports: { problems: new Map(), isOpen: (place) => open.includes(place) },
    schemeOf: () => undefined,
    hasNames: false,
    ...vm,
  });
}

suite('the list of a VM’s ports', () => {
  test('says who listens, and where it is reached', () => {
    assert.deepEqual(list(), [
      {
        ...{ vm: 'web', protocol: 'tcp', port: 80, addresses: ['0.0.0.0'] },
        ...{ process: 'nginx', pid: 7, host: [own], endpoint: own, scheme: null, problem: null },
      },
    ]);
  });

  test('has links to what speaks HTTP, by name where names resolve', () => {
    const [byAddress] = list({ schemeOf: () => 'https' });
    const [byName] = list({ schemeOf: () => 'http', hasNames: true });
    const [plain] = list({ schemeOf: () => 'other', hasNames: true });

    assert.equal(byAddress?.endpoint, `https://${own}`);
    assert.equal(byName?.endpoint, 'http://web.vm:80');
    assert.equal(plain?.endpoint, 'web.vm:80');
  });

  test('has one row for a port that listens on several addresses', () => {
    const [row, second] = list({ listening: [nginx, { ...nginx, address: '::' }] });

    assert.deepEqual(row?.addresses, ['0.0.0.0', '::']);
    assert.equal(second, undefined);
  });

  test('of a VM on a bridge has what answers there by itself, and what is published', () => {
    const onBridge = { hostAddress: '172.16.0.2', isReached: true, hasNames: true };
    const inside = { ...nginx, port: 81, address: '127.0.0.1' };
    const open = ['127.0.0.1:8080'];
    const rows = list({
      ...onBridge,
      listening: [nginx, inside],
      publish: [published],
      open,
    });

    const [web, local] = rows;
    assert.deepEqual(web?.host, ['172.16.0.2:80', '127.0.0.1:8080']);
    assert.equal(web.endpoint, 'web.vm:80');
    assert.deepEqual(local?.host, []);
    assert.match(local.problem ?? '', /is not reached from outside/);
  });

  test('says why a port is not answered on the host', () => {
    const problem = new BangerError(
      'host.port_taken',
      'Cannot listen on 127.77.1.2:80: it is taken',
    );
    const ports = { problems: new Map([[own, problem]]), isOpen: () => false };

    const [row] = list({ ports });

    assert.deepEqual([row?.endpoint, row?.problem], [null, problem.message]);
  });

  test('leads to the published port where the VM’s own is taken', () => {
    const problem = new BangerError(
      'host.port_taken',
      'Cannot listen on 127.77.1.2:80: it is taken',
    );
    const ports = {
      problems: new Map([[own, problem]]),
      isOpen: (place: string) => place === '127.0.0.1:8080',
    };

    const [row] = list({ ports, publish: [published], hasNames: true });

    assert.deepEqual([row?.endpoint, row?.problem], ['127.0.0.1:8080', problem.message]);
  });

  test('has published ports where nothing listens', () => {
    const [row] = list({ listening: [], publish: [published], open: ['127.0.0.1:8080'] });

    assert.deepEqual([row?.port, row?.process, row?.endpoint], [80, null, '127.0.0.1:8080']);
  });

  test('has listeners that cannot be reached, and UDP, without a way', () => {
    const inside = { ...nginx, address: '172.17.0.1', port: 5000 };
    const udp = { ...nginx, protocol: 'udp' as const, port: 53, process: '', pid: 0 };

    const [first, second] = list({ listening: [inside, udp] });

    assert.match(first?.problem ?? '', /not reached from outside/);
    assert.deepEqual([second?.endpoint, second?.problem, second?.process], [null, null, null]);
  });
});
