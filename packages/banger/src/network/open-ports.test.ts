import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { createFakeClock } from '../host/fake-clock.ts';
import { createFakeListeners } from '../host/fake-listeners.ts';
import { OpenPorts } from './open-ports.ts';

const to = (port: number) => {
  const target = { kind: 'tcp' as const, port };
  return { at: { address: '127.77.1.2', port }, target };
};

function open() {
  const listeners = createFakeListeners();
  const clock = createFakeClock();
  const told: string[] = [];
  const taken: number[] = [];
  const ports = new OpenPorts({
    listeners,
    clock,
    onConnection: (connection, { at }) => {
      taken.push(at.port);
      connection.reset();
    },
    onProblem: ({ message }) => told.push(message),
  });
  return { listeners, clock, told, taken, ports };
}

suite('open ports', () => {
  test('follow what is wanted', async () => {
    const { listeners, ports } = open();
    await using _ = ports;

    ports.want([to(80), to(81)]);
    await ports.settled();
    assert.deepEqual([...listeners.open], ['127.77.1.2:80', '127.77.1.2:81']);
    ports.want([to(81), to(82)]);
    assert.deepEqual([...listeners.open], ['127.77.1.2:81']);
    await ports.settled();

    assert.deepEqual([...listeners.open], ['127.77.1.2:81', '127.77.1.2:82']);
  });

  test('hand their connections over', async () => {
    const { listeners, taken, ports } = open();
    await using _ = ports;
    ports.want([to(80)]);
    await ports.settled();

    const client = await listeners.connect(to(80).at);
    client.on('error', () => undefined);

    assert.deepEqual(taken, [80]);
  });

  test('tell once of one that is taken, and take it when it is free', async () => {
    const { listeners, clock, told, ports } = open();
    await using _ = ports;
    const other = listeners.occupy(to(80).at);

    ports.want([to(80), to(81)]);
    await ports.settled();
    await clock.advance(9_000);
    assert.deepEqual(told, ['Cannot listen on 127.77.1.2:80: another program listens there']);
    assert.ok(ports.isOpen('127.77.1.2:81') && ports.problems.has('127.77.1.2:80'));
    other[Symbol.dispose]();
    await clock.advance(3_000);

    assert.ok(ports.isOpen('127.77.1.2:80'));
    assert.equal(ports.problems.size, 0);
    assert.equal(clock.waiting, 0);
  });

  test('forget the trouble of a port that is no longer wanted, and tell of it anew', async () => {
    const { listeners, told, ports } = open();
    using other = new DisposableStack();
    other.use(listeners.occupy(to(80).at));
    await using _ = ports;
    ports.want([to(80)]);
    await ports.settled();

    ports.want([]);
    assert.equal(ports.problems.size, 0);
    ports.want([to(80)]);
    await ports.settled();

    assert.equal(told.length, 2);
  });

  test('open one that was wanted, unwanted and wanted again in the same moment', async () => {
    const { listeners, ports } = open();
    await using _ = ports;

    ports.want([to(80)]);
    ports.want([]);
    ports.want([to(80)]);
    await ports.settled();

    assert.deepEqual([...listeners.open], ['127.77.1.2:80']);
  });

  test('are closed when they are disposed, even one that is being opened', async () => {
    const { listeners, clock, ports } = open();
    using other = new DisposableStack();
    other.use(listeners.occupy(to(79).at));
    ports.want([to(79), to(80)]);

    await ports[Symbol.asyncDispose]();

    assert.deepEqual([...listeners.open], ['127.77.1.2:79']);
    assert.equal(clock.waiting, 0);
  });
});
