import { type Probe, probe, ProbeError } from '../../contract/probe.ts';
import { recordsOf, scriptKind } from '../script-kind.ts';

/** How a host asks an API, and where its user's clouds.yaml may be. */
export interface HostClient {
  readonly program: 'curl' | 'python3' | null;
  /** Stands for the working directory, which a login shell has here and our sessions do not. */
  readonly home: string;
  /** Where programs look for this user's configuration: `$XDG_CONFIG_HOME`, else `~/.config`. */
  readonly configHome: string;
}

const kind = scriptKind<string, HostClient>({
  name: 'api-client',
  script: `
if command -v curl >/dev/null 2>&1; then echo program curl
elif command -v python3 >/dev/null 2>&1; then echo program python3; fi
home=$HOME
[ -n "$home" ] || home=$(cd ~ 2>/dev/null && pwd)
printf 'home %s\\n' "$home"
printf 'config %s\\n' "\${XDG_CONFIG_HOME:-$home/.config}"
`,
  parse: parseHostClient,
});

/** Source: the search path of openstacksdk, `openstack/config/loader.py`. */
export function hostClient(): Probe<HostClient> {
  return probe(kind, '', ['package:/', 'path:/usr/bin']);
}

function parseHostClient(stdout: string): HostClient {
  const found = new Map(recordsOf(stdout));
  const program = found.get('program') ?? null;
  if (program !== null && program !== 'curl' && program !== 'python3')
    throw new ProbeError(`no such client: ${program}`);
  return { program, home: found.get('home') ?? '/', configHome: found.get('config') ?? '' };
}
