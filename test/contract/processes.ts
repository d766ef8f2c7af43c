import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Child, Command, Processes } from '../../packages/banger/src/host/processes.ts';
import type { ProcessesSubject } from './processes-subject.ts';

const { signal: never } = new AbortController();
let tokens = 0;

/** An argument that no other process has. */
function newToken(): string {
  tokens += 1;
  return `token-${String(process.pid)}-${String(tokens)}-${String(performance.now())}`;
}

/** What callers may rely on. */
export function processesContract(name: string, subject: ProcessesSubject): void {
  const { processes, program, newLogFile, readLog } = subject;
  const spawn = (command: Command, logFile = newLogFile()) =>
    processes.spawn(command, { logFile, signal: never });

  suite(`${name} keeps the Processes contract: run`, () => {
    test('takes a non-zero status for an answer', async () => {
      const result = await processes.run(program('says', 'out', 'err', '3'), { signal: never });

      assert.deepEqual(result, { exitCode: 3, signal: null, stdout: 'out', stderr: 'err' });
    });

    test('gives standard input and ends it', async () => {
      const command = program('repeats-stdin');

      assert.equal((await processes.run(command, { signal: never, stdin: 'hé' })).stdout, 'hé');
      assert.equal((await processes.run(command, { signal: never })).stdout, '');
    });

    test('hands over whole lines of standard error, the unfinished last one included', async () => {
      const lines: string[] = [];
      const onStderrLine = (line: string) => lines.push(line);

      await processes.run(program('says', '', 'one\ntwo'), { signal: never, onStderrLine });

      assert.deepEqual(lines, ['one', 'two']);
    });

    test('refuses more standard output than was allowed', async () => {
      const options = { signal: never, maxOutputBytes: 1000 };

      await assert.rejects(processes.run(program('chatters', '5000'), options), /printed more/);
    });

    test('keeps the end of standard error', async () => {
      const options = { signal: never, maxOutputBytes: 10 };

      const { stderr } = await processes.run(program('says', '', 'x'.repeat(99) + '!'), options);

      assert.equal(stderr, `${'x'.repeat(9)}!`);
    });

    test('ends a program that ignores the polite signal, and throws the reason', async () => {
      const token = newToken();
      const caller = new AbortController();
      const reason = new Error('enough');
      const onStderrLine = () => caller.abort(reason); // It says "ready".

      const run = processes.run(program('ignores-sigterm', token), {
        signal: caller.signal,
        onStderrLine,
      });

      await assert.rejects(run, reason);
      assert.deepEqual(await processes.listMatching(token), []);
    });

    test('leaves no grandchild that keeps the pipes open', async () => {
      const token = newToken();

      const result = await processes.run(program('leaves-grandchild', token), { signal: never });

      assert.equal(result.exitCode, 0);
      assert.deepEqual(await processes.listMatching(token), []);
    });

    test('names a program that is not installed', async () => {
      await assert.rejects(processes.run(['no-such-program-here'], { signal: never }), {
        code: 'host.tool_missing',
      });
    });

    test('starts nothing for a caller that has aborted', async () => {
      const run = processes.run(program('forever'), { signal: AbortSignal.abort() });

      await assert.rejects(run, { name: 'AbortError' });
    });
  });

  suite(`${name} keeps the Processes contract: spawn and adopt`, () => {
    test('appends output to the log and tells the status', async () => {
      const logFile = newLogFile();
      await using first = await spawn(program('says', 'one\n', 'two\n', '4'), logFile);
      const status = await first.exited;
      await using second = await spawn(program('says', 'three\n'), logFile);
      await second.exited;

      assert.deepEqual(status, { exitCode: 4, signal: null });
      assert.ok(first.gone.aborted);
      assert.equal(await readLog(logFile), 'one\ntwo\nthree\n');
    });

    test('kills once when disposed twice', async () => {
      const child = await spawn(program('forever'));

      await child[Symbol.asyncDispose]();
      await child[Symbol.asyncDispose]();

      assert.deepEqual(await child.exited, { exitCode: null, signal: 'SIGKILL' });
      assert.ok(child.gone.aborted);
      assert.equal(await processes.adopt(child.identity), undefined);
      child.kill('SIGTERM'); // Nobody is there to get it.
    });

    test('leaves no process when the caller aborts at once', async () => {
      const token = newToken();
      const caller = new AbortController();

      const spawned = processes.spawn(program('forever', token), {
        logFile: newLogFile(),
        signal: caller.signal,
      });
      caller.abort();

      await assert.rejects(spawned, { name: 'AbortError' });
      assert.deepEqual(await processes.listMatching(token), []);
    });

    test('names a program that is not installed', async () => {
      await assert.rejects(spawn(['no-such-program-here']), { code: 'host.tool_missing' });
    });

    test('finds a spawned process by its argument and adopts it', async () => {
      const token = newToken();
      await using child = await spawn(program('forever', token));

      const [found] = await processes.listMatching(token);

      assert.deepEqual(found, child.identity);
      assert.ok((await processes.adopt(child.identity)) !== undefined);
    });

    test('notices that an adopted process has ended', async () => {
      await using child = await spawn(program('forever'));
      const adopted = await adopt(processes, child);

      child.kill('SIGKILL');

      assert.deepEqual(await adopted.exited, { exitCode: null, signal: null });
      assert.ok(adopted.gone.aborted);
    });

    test('ends an adopted process when it is disposed', async () => {
      await using child = await spawn(program('forever'));
      const adopted = await adopt(processes, child);

      await adopted[Symbol.asyncDispose]();
      await adopted[Symbol.asyncDispose]();

      assert.ok(adopted.gone.aborted);
      assert.equal((await child.exited).signal, 'SIGKILL');
    });

    test('adopts neither a later process with the same pid nor one of an earlier boot', async () => {
      await using child = await spawn(program('forever'));
      const { identity } = child;

      assert.equal(await processes.adopt({ ...identity, startTicks: 1 }), undefined);
      assert.equal(await processes.adopt({ ...identity, bootId: 'earlier' }), undefined);
    });

    test('finds programs by name and by path', async () => {
      const [path] = program('forever');

      assert.equal(await processes.find(path), path);
      assert.equal(await processes.find('no-such-program-here'), undefined);
      assert.equal(await processes.find('/no/such/program'), undefined);
    });
  });
}

async function adopt(processes: Processes, child: Child): Promise<Child> {
  const adopted = await processes.adopt(child.identity);
  assert.ok(adopted !== undefined);
  return adopted;
}
