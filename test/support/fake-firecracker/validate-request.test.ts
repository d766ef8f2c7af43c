import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createApiValidator } from './validate-request.ts';

const validator = createApiValidator();
const drive = { drive_id: 'base', path_on_host: 'base', is_root_device: false, is_read_only: true };

suite('requests to Firecracker are checked against its own description', () => {
  test('takes what it describes', () => {
    const good = [
      { method: 'GET', path: '/' },
      { method: 'PUT', path: '/drives/base', body: drive },
      { method: 'PUT', path: '/machine-config', body: { vcpu_count: 2, mem_size_mib: 256 } },
      { method: 'PATCH', path: '/machine-config', body: { mem_size_mib: 512 } },
      { method: 'PATCH', path: '/vm', body: { state: 'Paused' } },
      {
        method: 'PUT',
        path: '/snapshot/load',
        body: {
          snapshot_path: 'state',
          mem_backend: { backend_type: 'File', backend_path: 'memory' },
          network_overrides: [{ iface_id: 'eth0', host_dev_name: 'tap1' }],
          vsock_override: { uds_path: 'vsock.sock' },
        },
      },
    ];
    assert.deepEqual(
      good.map((one) => validator.request(one)),
      good.map(() => undefined),
    );
  });

  test('says what it does not describe', () => {
    const bad = [
      [{ method: 'GET', path: '/nowhere' }, /is not in Firecracker's API/],
      [{ method: 'PUT', path: '/drives/a%20b', body: drive }, /is not in Firecracker's API/],
      [{ method: 'PUT', path: '/boot-source' }, /has no body/],
      [{ method: 'GET', path: '/version', body: {} }, /takes no body/],
      [{ method: 'PUT', path: '/boot-source', body: {} }, /missing field `kernel_image_path`/],
      [{ method: 'PUT', path: '/drives/work', body: drive }, /does not match the id from the body/],
      [
        { method: 'PUT', path: '/drives/base', body: { ...drive, serial: 'x' } },
        /unknown field `serial`/,
      ],
      [{ method: 'PUT', path: '/machine-config', body: { vcpu_count: 2 } }, /mem_size_mib/],
      [{ method: 'PATCH', path: '/vm', body: { state: 'Stopped' } }, /allowed values/],
      [
        {
          method: 'PUT',
          path: '/network-interfaces/eth0',
          body: {
            iface_id: 'eth0',
            host_dev_name: 'tap0',
            rx_rate_limiter: { bandwidth: { size: 1 } },
          },
        },
        /missing field `refill_time` at \/rx_rate_limiter\/bandwidth/,
      ],
    ] as const;
    for (const [one, complaint] of bad)
      assert.match(validator.request(one) ?? 'nothing', complaint);
  });

  test('checks answers too', () => {
    const get = { method: 'GET', path: '/version' };
    const put = { method: 'PUT', path: '/boot-source' };

    assert.equal(
      validator.answer(get, { status: 200, body: { firecracker_version: '1.13.1' } }),
      undefined,
    );
    assert.equal(validator.answer(put, { status: 204 }), undefined);
    assert.equal(validator.answer(put, { status: 400, body: { fault_message: 'no' } }), undefined);
    assert.match(validator.answer(get, { status: 200, body: {} }) ?? '', /firecracker_version/);
    assert.match(validator.answer(put, { status: 204, body: {} }) ?? '', /has a body/);
  });
});
