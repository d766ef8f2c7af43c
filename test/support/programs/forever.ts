/** Says that it runs, then runs until it is killed. */
process.stdout.write('ready\n');
setInterval(() => undefined, 1_000_000);
