import { createSocket } from 'node:dgram';

import { decode, encode, RECURSION_AVAILABLE } from 'dns-packet';

/** The internet's names, as far as a test needs any: `example.com`, and nothing else. Prints what it is asked for. */
const NO_SUCH_NAME = 3; // RFC 1035, section 4.1.1

const socket = createSocket('udp4');
socket.on('message', (message, from) => {
  const { id = 0, questions = [] } = decode(message);
  const [question] = questions;
  if (question === undefined) return;
  process.stdout.write(`${question.name}\n`);
  const isKnown = question.name === 'example.com';
  const answer = { type: 'A', name: 'example.com', ttl: 1, data: '192.0.2.1' } as const;
  const reply = encode({
    type: 'response',
    id,
    flags: RECURSION_AVAILABLE | (isKnown ? 0 : NO_SUCH_NAME),
    questions: [question],
    answers: isKnown && question.type === 'A' ? [answer] : [],
  });
  socket.send(reply, from.port, from.address);
});
socket.bind(Number(process.argv[2]), '127.0.0.1');
