/** Prints its first argument, complains its second, and ends with its third. */
const [, , out = '', complaint = '', status = '0'] = process.argv;
process.stdout.write(out);
process.stderr.write(complaint);
process.exitCode = Number(status);
