import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Ends at once; its own child, which holds the same pipes and has the same first argument, does not. */
const program = join(import.meta.dirname, 'forever.ts');
spawn(process.execPath, [program, process.argv[2] ?? ''], { stdio: 'inherit' }).unref();
