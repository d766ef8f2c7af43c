import { runDaemon } from '../daemon/run-daemon.ts';

process.exit(await runDaemon(import.meta.dirname));
