/** Firecracker's HTTP: one request after the other, a body of 50 KiB at most, errors as `fault_message`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { Controller } from './controller.ts';
import type { Fault as PlannedFault, FaultPlan } from './faults.ts';
import { Fault } from './refusals.ts';
import { hasRequest, unknownField } from './versions.ts';
import type { ApiValidator } from './validate-request.ts';

const DEFAULT_MAX_BODY_BYTES = 51_200;

export interface ApiServerOptions {
  readonly version: string;
  readonly controller: Controller;
  readonly validator: ApiValidator;
  readonly faults: FaultPlan;
  readonly maxBodyBytes?: number;
  readonly exit: (status: number) => void;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** Resolves when it listens. */
export async function startApiServer(path: string, options: ApiServerOptions): Promise<Server> {
  let queue: Promise<unknown> = Promise.resolve();
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    queue = queue
      .then(async () => serve(request, response, options))
      .catch(() => response.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: ApiServerOptions,
): Promise<void> {
  const { method = '', url: path = '' } = request;
  const text = await readBody(request);
  const fault = options.faults.at(`${method} ${path}`);
  if (fault?.do === 'die-before') process.kill(process.pid, 'SIGKILL');
  if (fault !== undefined && (await misbehave(fault, response, options))) return;
  const answer = await answerTo({ method, path, text }, options);
  if (fault?.do === 'die-after') process.kill(process.pid, 'SIGKILL');
  const wrong = options.validator.answer({ method, path }, answer);
  if (wrong !== undefined) throw new Error(`the fake is wrong: ${wrong}`);
  send(response, answer, fault?.do === 'half');
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks);
}

/** Whether that was the answer */
async function misbehave(
  fault: PlannedFault,
  response: ServerResponse,
  { exit }: ApiServerOptions,
): Promise<boolean> {
  const { message } = fault;
  switch (fault.do) {
    case 'fail':
      process.stderr.write(`${message}\n`);
      exit(1);
      return true;
    case 'garbage':
      response.socket?.end('\0\x01 not HTTP at all\r\n\r\n');
      return true;
    case 'silence':
      return true;
    case 'hang-up':
      response.socket?.destroy();
      return true;
    case 'refuse':
      send(response, { status: 400, body: { fault_message: message } });
      return true;
    case 'break':
      send(response, { status: 500, body: { fault_message: message } });
      return true;
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      return false;
    case 'die-before':
    case 'die-after':
    case 'half':
      return false;
  }
}

async function answerTo(
  { method, path, text }: { readonly method: string; readonly path: string; readonly text: Buffer },
  { version, controller, validator, maxBodyBytes = DEFAULT_MAX_BODY_BYTES }: ApiServerOptions,
): Promise<Answer> {
  if (text.length > maxBodyBytes) {
    const error = `Request payload with size ${String(text.length)} is larger than the limit of ${String(maxBodyBytes)} allowed by server.\nAll previous unanswered requests will be dropped.`;
    return { status: 413, body: { fault_message: error } };
  }
  const refuse = (message: string) => ({ status: 400, body: { fault_message: message } });
  const body = parse(text);
  if (body instanceof Error) return refuse(deserializing(body.message));
  const token = path.split('/')[1] ?? '';
  if (!hasRequest(version, path) || !validator.knows(method, path)) {
    return refuse(`Invalid request method and/or path: ${method} ${token}.`);
  }
  if (method === 'GET' && body !== undefined) return refuse('GET request cannot have a body.');
  if (method === 'PUT' && body === undefined) return refuse('Empty PUT request.');
  if (method === 'PATCH' && body === undefined) return refuse('Empty PATCH request.');
  const wrong = validator.request({ method, path, body });
  if (wrong !== undefined) return refuse(deserializing(wrong));
  if (typeof body === 'object' && body !== null) {
    const unknown = unknownField(version, { method, path, body });
    if (unknown !== undefined) return refuse(deserializing(`unknown field \`${unknown}\``));
  }
  try {
    const result = await controller.handle({ method, path, body });
    return result === undefined ? { status: 204 } : { status: 200, body: result };
  } catch (error) {
    if (!(error instanceof Fault)) process.stderr.write(`${String(error)}\n`);
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function deserializing(why: string): string {
  return `An error occurred when deserializing the json body of a request: ${why}.`;
}

function parse(text: Buffer): unknown {
  if (text.length === 0) return undefined;
  try {
    return JSON.parse(text.toString());
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function send(response: ServerResponse, { status, body }: Answer, isHalf = false): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.statusCode = status;
  response.sendDate = false;
  response.setHeader('Server', 'Firecracker API');
  response.setHeader('Connection', 'keep-alive');
  if (!isHalf) {
    if (text === '') return void response.end();
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Content-Length', Buffer.byteLength(text));
    return void response.end(text);
  }
  // Without a body it is the head that is cut.
  const { socket } = response;
  if (text === '') return void socket?.end('HTTP/1.1 20');
  const length = String(Buffer.byteLength(text));
  const head = `HTTP/1.1 ${String(status)} \r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  socket?.end(head + text.slice(0, text.length / 2));
}
