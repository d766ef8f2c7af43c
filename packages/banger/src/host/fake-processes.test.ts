import { processesContract } from '../../../../test/contract/processes.ts';
import type { FakeProgram } from './fake-process.ts';
import { createFakeHost, createFakeProcesses } from './fake-processes.ts';

const untilKilled: FakeProgram = ({ killed }) =>
  new Promise((resolve) => killed.addEventListener('abort', () => resolve(0)));

const programs: Readonly<Record<string, FakeProgram>> = {
  forever: untilKilled,
  'ignores-sigterm': (call) => {
    call.complain('ready\n');
    return untilKilled(call);
  },
  says: ({ args: [out = '', complaint = '', status = '0'], print, complain }) => {
    print(out);
    complain(complaint);
    return Number(status);
  },
  'repeats-stdin': ({ stdin, print }) => {
    print(stdin);
    return 0;
  },
  chatters: ({ args: [bytes = '0'], print }) => {
    print('x'.repeat(Number(bytes)));
    return 0;
  },
  'leaves-grandchild': () => 0,
};

const host = createFakeHost();
let logs = 0;

processesContract('the fake', {
  processes: createFakeProcesses(programs, host),
  program: (name, ...args) => [name, ...args],
  newLogFile: () => `log-${String((logs += 1))}`,
  readLog: (file) => Promise.resolve(host.logs.get(file) ?? ''),
});
