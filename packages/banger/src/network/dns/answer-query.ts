import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type Answer,
  type DecodedPacket,
  type Packet,
  type Question,
} from 'dns-packet';

import { findInZone, ZONE, type AddressBook } from './zone.ts';

/** Addresses and "no such name" are remembered no longer, so that a VM that was made or deleted is so everywhere. */
export const TTL_S = 1;

/** RFC 1035, section 4.1.1 */
const rcode = { ok: 0, nameError: 3, notImplemented: 4, refused: 5 } as const;

/** What is told of a size that UDP takes from everybody (RFC 1035, section 2.3.4) */
export const PLAIN_UDP_BYTES = 512;
/** Said to clients that speak EDNS; no answer is near it */
const EDNS_BYTES = 1232;

export interface AnswerOptions {
  readonly addressOf: AddressBook;
  /** A longer answer is sent without its records and with the flag that says so */
  readonly maxBytes: number;
}

/** A DNS message → its answer; undefined for what is no query, which is dropped. Pure. */
export function answerQuery(message: Buffer, options: AnswerOptions): Buffer | undefined {
  try {
    const query = decode(message);
    const [question, second] = query.questions ?? [];
    if (query.flag_qr || question === undefined || second !== undefined) return undefined;
    const reply = replyTo(query, { question, isQuery: opcodeOf(message) === 0 }, options);
    const answer = encode(reply);
    const roomBytes = query.additionals?.some(isEdns) === true ? EDNS_BYTES : PLAIN_UDP_BYTES;
    if (answer.length <= Math.max(roomBytes, options.maxBytes)) return answer;
    const flags = (reply.flags ?? 0) | TRUNCATED_RESPONSE;
    return encode({ ...reply, flags, answers: [], authorities: [] });
  } catch {
    return undefined; // Whatever it is, it is not DNS.
  }
}

interface Asked {
  readonly question: Question;
  readonly isQuery: boolean;
}

function replyTo(
  query: DecodedPacket,
  { question, isQuery }: Asked,
  { addressOf }: AnswerOptions,
): Packet {
  const {
    answers = [],
    authorities = [],
    code,
  } = isQuery ? resolve(question, addressOf) : { code: rcode.notImplemented };
  const isOurs = code === rcode.ok || code === rcode.nameError;
  const asked = query.flag_rd ? RECURSION_DESIRED : 0;
  return {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: asked | (isOurs ? AUTHORITATIVE_ANSWER : 0) | code,
    questions: [question],
    answers,
    authorities,
    additionals: query.additionals?.some(isEdns) === true ? [edns] : [],
  };
}

interface Resolved {
  readonly code: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
}

function resolve({ name, type, class: kind = 'IN' }: Question, addressOf: AddressBook): Resolved {
  if (kind !== 'IN' && kind !== 'ANY') return { code: rcode.refused };
  const found = findInZone(name, addressOf);
  switch (found.kind) {
    case 'elsewhere':
      return { code: rcode.refused };
    case 'unknown':
      return { code: rcode.nameError, authorities: [authority] };
    case 'apex':
      return type === 'SOA'
        ? { code: rcode.ok, answers: [authority] }
        : { code: rcode.ok, authorities: [authority] };
    case 'address': {
      const isAsked = ['A', 'ANY'].some((one) => one === type);
      if (!isAsked) return { code: rcode.ok, authorities: [authority] };
      const answer = { type: 'A', name, class: 'IN', ttl: TTL_S, data: found.address } as const;
      return { code: rcode.ok, answers: [answer] };
    }
  }
}

/** Beside every "no": for how long it may be remembered (RFC 2308, section 3). */
const authority: Answer = {
  type: 'SOA',
  name: ZONE,
  class: 'IN',
  ttl: TTL_S,
  data: {
    mname: `ns.${ZONE}`,
    rname: `banger.${ZONE}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: TTL_S,
  },
};

const edns: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: EDNS_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

const isEdns = ({ type }: Answer) => type === 'OPT';

/** The four bits after the one that says "response"; the second byte after the id */
function opcodeOf(message: Buffer): number {
  return (message.readUInt8(2) >> 3) & 0xf;
}
