/** Why an exchange did not come about, in words, and whether the next one may. */
export interface NetworkFailure {
  readonly fact: string;
  readonly isTransient: boolean;
  /** What answered does not speak TLS */
  readonly isPlain: boolean;
  /** What answered is not who it should be, as far as we can tell */
  readonly isDistrusted: boolean;
}

const TRANSIENT: Readonly<Record<string, string>> = {
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_CLOSED: 'its connection was closed here',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer: no connection within 10 s',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it took the request and says nothing',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of its answer',
  EAI_AGAIN: 'no name server says where it is',
};
const FINAL: Readonly<Record<string, string>> = {
  HTTPParserError: 'it does not speak HTTP',
  TimeoutError: 'it takes too long to answer',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of this name',
  EHOSTUNREACH: 'there is no way to its network',
  ENETUNREACH: 'there is no way to its network',
  UND_ERR_PRX_TLS: 'the proxy does not lead there',
};
const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody but itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an authority that is not known here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is that of another host',
};
/** OpenSSL's words for bytes that are no TLS. */
const NO_TLS = /wrong version number|packet length too long|unknown protocol|http request/i;

/** undefined: it is no failure of the network. */
export function networkFailure(error: unknown): NetworkFailure | undefined {
  const known = chain(error).find(({ code }) => code !== '');
  if (known === undefined) return undefined;
  const { code, message } = known;
  const [isPlain, isDistrusted] = [NO_TLS.test(message), code in DISTRUST];
  const isTransient = code in TRANSIENT;
  if (isPlain) return { fact: 'it does not speak TLS', isTransient, isPlain, isDistrusted };
  const fact = TRANSIENT[code] ?? FINAL[code] ?? DISTRUST[code];
  if (fact !== undefined) return { fact, isTransient, isPlain, isDistrusted };
  if (!/^(UND_ERR|ERR_SSL|ERR_TLS|HPE_|E[A-Z])/.test(code)) return undefined;
  // Node's code for a signal that aborted is a number; what is left was said by the network or by TLS.
  return { fact: message.slice(0, 200), isTransient, isPlain, isDistrusted };
}

interface Known {
  readonly code: string;
  readonly message: string;
}

/** The error, those it stands for, and what caused it. */
function chain(error: unknown): readonly Known[] {
  const found: Known[] = [];
  for (let at: unknown = error; at instanceof Error && found.length < 10; at = at.cause) {
    const own = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const code = at.name in FINAL ? at.name : own;
    found.push({ code, message: at.message });
    if (at instanceof AggregateError) found.push(...at.errors.slice(0, 2).flatMap(chain));
  }
  return found;
}
