/** Prints as many bytes as its first argument says, on both streams; the last one is a mark. */
const bytes = Number(process.argv[2]);
const text = `${'x'.repeat(bytes - 1)}!`;
process.stdout.write(text);
process.stderr.write(text);
