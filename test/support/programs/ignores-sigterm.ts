/** Takes no polite hint. */
process.on('SIGTERM', () => undefined);
process.stderr.write('ready\n');
setInterval(() => undefined, 1_000_000);
