import { Unreachable } from '../contract/connection.ts';
import type { UnreachableReason } from '../contract/connection.ts';
import type { Endpoint } from './endpoint.ts';
import { printable } from './printable.ts';

/** `greeting`: until keys are exchanged; nothing about us has been judged. `auth`: until the server let us in. */
export type SshStage = 'greeting' | 'auth';

export interface SshProgress {
  readonly stage: SshStage;
  /** Files and methods that were offered. */
  readonly tried: readonly string[];
  /** Methods the server said it accepts. */
  readonly accepted: readonly string[];
  /** Keys that could not be used. */
  readonly notes: readonly string[];
  /** The host key check's own verdict. */
  readonly refusal: Unreachable | undefined;
}

/** A handshake or login that did not succeed. */
export class SshFailure extends Unreachable {
  override name = 'Unreachable';
  /** The server hung up before looking at us, as sshd's MaxStartups does: worth another try. */
  readonly isTransient: boolean;

  constructor(endpoint: Endpoint, progress: SshProgress, cause: unknown) {
    const { reason, message } = verdict(endpoint, progress, cause instanceof Error ? cause : new Error(String(cause)));
    super(reason, message, { cause });
    this.isTransient = reason === 'closed' && progress.stage === 'greeting' && HUNG_UP.test(String(cause));
  }
}

/** As opposed to what breaks the protocol, and would again. A proxy command that ends is a `Premature close` on a busy machine. */
const HUNG_UP = /lost before handshake|closed the connection|Premature close|ECONNRESET|EPIPE/;

interface Verdict {
  readonly reason: UnreachableReason;
  readonly message: string;
}

function verdict(endpoint: Endpoint, progress: SshProgress, cause: Error & { level?: string }): Verdict {
  if (progress.refusal !== undefined) return progress.refusal;
  const place = where(endpoint);
  if (cause.level === 'client-authentication')
    return { reason: 'auth', message: `${place} refused the login: ${offered(progress)}` };
  if (cause.message === 'no answer in time')
    return { reason: 'timeout', message: `${place} ${lateness(endpoint, progress)}` };
  const during = progress.stage === 'auth' ? 'during authentication' : 'before the handshake was complete';
  // The library's own words for a stream that ended say the stage a second time.
  const what = /lost before handshake/.test(cause.message) ? 'the connection was closed' : printable(cause.message);
  return { reason: 'closed', message: `${place}: ${what} ${during}; ${closedHint(progress)}` };
}

export function where(endpoint: Endpoint): string {
  return `${endpoint.host}: ${endpoint.user}@${endpoint.address}:${endpoint.port}`;
}

function offered({ tried, accepted, notes }: SshProgress): string {
  const said = accepted.length > 0 ? `; the server accepts ${printable(accepted.join(', '))}` : '';
  const unused = notes.length > 0 ? `; not used: ${notes.join(', ')}` : '';
  return `offered ${tried.join(', ') || 'nothing'}${said}${unused}. Check the user name, and that one of these public keys is in its authorized_keys`;
}

function lateness(endpoint: Endpoint, { stage }: SshProgress): string {
  const limit = `${endpoint.connectTimeoutMs / 1000} s`;
  if (stage === 'auth') return `did not finish the login within ${limit} (slow PAM, DNS or a busy host)`;
  return `accepted the connection but did not greet within ${limit} (not an SSH server, or a host that hangs)`;
}

function closedHint({ stage }: SshProgress): string {
  return stage === 'auth'
    ? 'see the log of its sshd (LoginGraceTime, AllowUsers, PerSourcePenalties)'
    : 'too many connections at once (MaxStartups), a penalty for earlier failures (PerSourcePenalties), or not an SSH server';
}
