import { z } from 'zod';

import { Reference } from './names.ts';
import { Nothing, route } from './route.ts';
import { Session, SessionInput, SessionReference, StartSessionRequest } from './session.ts';

const OneVm = z.object({ vm: Reference });
const OneSession = OneVm.extend({ session: SessionReference });
const guestErrors = [
  'vm.not_found',
  'vm.ambiguous',
  'vm.not_running',
  'guest.unreachable',
] as const;
const errors = [...guestErrors, 'session.not_found'] as const;

/** Commands with a name, in VMs; they are attached to by a WebSocket (`streams.sessionAttach`). */
export const sessionsApi = {
  startSession: route({
    method: 'POST',
    path: '/v1/vms/:vm/sessions',
    summary: 'Start a command that outlives this request; an ended session of the name is replaced',
    input: OneVm.extend(StartSessionRequest.shape),
    output: Session,
    errors: [
      ...guestErrors,
      'session.name_taken',
      'session.command_missing',
      'exec.not_found',
      'exec.not_executable',
      'exec.invalid',
      'image.no_entrypoint',
      'image.no_shell',
      'guest.refused',
    ],
  }),
  listSessions: route({
    method: 'GET',
    path: '/v1/vms/:vm/sessions',
    summary: 'Sessions of a running VM, oldest first; the ended ones, too',
    input: OneVm,
    output: z.array(Session),
    errors: guestErrors,
  }),
  showSession: route({
    method: 'GET',
    path: '/v1/vms/:vm/sessions/:session',
    summary: 'One session',
    input: OneSession,
    output: Session,
    errors,
  }),
  sendToSession: route({
    method: 'POST',
    path: '/v1/vms/:vm/sessions/:session/input',
    summary: 'Give a session input; answers when its program has taken it',
    input: OneSession.extend(SessionInput.shape),
    output: z.object({ taken: z.int() }),
    repeatable: true,
    errors: [...errors, 'session.no_input'],
  }),
  signalSession: route({
    method: 'POST',
    path: '/v1/vms/:vm/sessions/:session/signal',
    summary: "Send a session's process group a signal",
    input: OneSession.extend({ signal: z.int().min(1).max(64) }),
    output: Nothing,
    errors: [...errors, 'session.ended'],
  }),
  stopSession: route({
    method: 'POST',
    path: '/v1/vms/:vm/sessions/:session/stop',
    summary:
      "SIGTERM to the process group, or the image's stop signal to its entrypoint; SIGKILL to what is left after the time; waits for the end",
    input: OneSession.extend({ timeoutMs: z.int().nonnegative().max(600_000).default(10_000) }),
    output: Session,
    repeatable: true,
    errors,
  }),
  removeSession: route({
    method: 'DELETE',
    path: '/v1/vms/:vm/sessions/:session',
    summary: 'Forget an ended session and its output',
    input: OneSession,
    output: Nothing,
    errors: [...errors, 'session.running'],
  }),
};
