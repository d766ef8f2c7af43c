import type { Command, Processes } from '../../packages/banger/src/host/processes.ts';

/** The programs of test/support/programs, as this implementation starts them. */
export interface ProcessesSubject {
  readonly processes: Processes;
  readonly program: (name: TestProgram, ...args: readonly string[]) => Command;
  /** A file that does not exist yet */
  readonly newLogFile: () => string;
  readonly readLog: (file: string) => Promise<string>;
}

export type TestProgram =
  'forever' | 'ignores-sigterm' | 'says' | 'repeats-stdin' | 'chatters' | 'leaves-grandchild';
