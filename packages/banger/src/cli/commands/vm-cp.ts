import { parseMib } from '@banger/protocol/size-text';

import { defineCommand } from '../command.ts';
import { copyOperands } from '../copy-operands.ts';
import { flag, refuse, valueFlag } from '../flags.ts';
import { runCopy } from '../run-copy.ts';

const BYTES_PER_MIB = 1024 * 1024;

export const vmCpCommand = defineCommand({
  name: 'vm cp',
  summary: 'Copy files between this machine and a running VM',
  details: [
    'One of the two is VM:PATH; a relative PATH begins at the workspace of the VM, or at /root. As with cp, a copy goes into a directory that is there, else it gets the new name; DIR/. is what is in DIR. Directories are copied with all below them and merged with what is there. Permissions, times, links and holes are kept. A link is copied as a link, with -L what it leads to.',
    'What goes into a VM belongs to root there, what comes out of it to you. A dash is a tar archive on stdin or stdout: it goes into a directory that is there, and keeps its owners.',
    'A file has its final name when all of it is there. What comes out of a VM never leaves its destination, and loses its setuid and setgid bits; devices and FIFOs only leave as an archive.',
  ],
  operands: copyOperands,
  flags: {
    followLink: flag.boolean('Copy what a link leads to, when it is what is copied', {
      short: 'L',
    }),
    maxEntries: flag.count('Refuse more files than this out of a VM', { default: '10000000' }),
    maxSize: valueFlag(
      'Refuse more bytes than this out of a VM',
      (text) => (parseMib(text) ?? refuse(`"${text}" is not a size such as 512M`)) * BYTES_PER_MIB,
      { placeholder: 'SIZE', default: 'no limit' },
    ),
  },
  examples: [
    'banger cp ./app web:/srv/app',
    'banger cp web:/var/log/syslog .',
    'banger cp web:results/. ./results',
    'tar -c dir | banger cp - web:/srv',
    'banger cp web:/etc - | tar -t',
  ],
  calls: ['showVm'],
  run: ({ operand, flags }, context) => runCopy(operand, flags, context),
});
