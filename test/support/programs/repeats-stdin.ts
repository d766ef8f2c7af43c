/** cat(1) */
process.stdin.pipe(process.stdout);
