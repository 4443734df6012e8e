import type { Problems } from '../../contract/problem.ts';
import type { VarsLayer } from '../playbook/types.ts';
import { suggest } from '../suggest.ts';
import { positionOf } from '../yaml/positions.ts';

const PREFIX = 'ansible_';

/** Variables that say how a host is reached (docs.ansible.com: "Behavioral inventory parameters"), without the prefix. */
const known: ReadonlySet<string> = new Set([
  ...['host', 'port', 'user', 'password', 'connection', 'timeout', 'private_key_file', 'group_priority'],
  ...['become', 'become_user', 'become_method', 'become_flags', 'become_exe', 'become_pass', 'become_password'],
  ...['ssh_host', 'ssh_port', 'ssh_user', 'ssh_pass', 'ssh_password', 'ssh_timeout', 'ssh_retries', 'ssh_pipelining'],
  ...[
    'ssh_private_key_file',
    'ssh_private_key_passphrase',
    'ssh_args',
    'ssh_common_args',
    'ssh_extra_args',
    'ssh_executable',
  ],
  ...['sftp_extra_args', 'scp_extra_args', 'ssh_transfer_method', 'ssh_use_tty', 'host_key_checking'],
  ...['sudo_pass', 'shell_type', 'shell_executable', 'python_interpreter', 'remote_tmp'],
]);

/**
 * Warns of a variable one letter away from one that says how a host is reached: with `ansible_hots` the run would go to
 * another machine. Other names are the user's own, or facts.
 */
export function warnOfMistypedConnection({ vars }: VarsLayer, problems: Problems): void {
  for (const name of Object.keys(vars)) {
    const rest = name.slice(PREFIX.length);
    if (!name.startsWith(PREFIX) || known.has(rest)) continue;
    const similar = suggest(rest, known);
    const position = positionOf(vars, name);
    if (similar === undefined || Math.abs(similar.length - rest.length) > 1) continue;
    const hint = `did you mean ${PREFIX}${similar}?`;
    problems.warn(`\`${name}\` has no meaning of its own`, position ? { position, hint } : { hint });
  }
}
