import { script } from '../contract/command.ts';
import { type Probe, type ProbeKind, probe, UNKNOWN } from '../contract/probe.ts';
import { cursor } from './cursor.ts';
import { fuse, succeeded } from './fuse.ts';

/** An account as passwd(5) describes it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** getent also asks LDAP and the like; without it /etc/passwd is all there is. One line each, empty for no such user. */
const SCRIPT = `
for user do
  if command -v getent >/dev/null; then line=$(getent passwd "$user")
  else
    line=
    while IFS= read -r entry; do case $entry in "$user":*) line=$entry; break;; esac; done < /etc/passwd
  fi
  printf '%s\\n' "$line"
done`;

const kind: ProbeKind<string, Account | null> = {
  name: 'account',
  ...fuse({
    group: () => '',
    size: 100,
    command: (names: readonly string[]) => script(SCRIPT, names),
    parse: (names, output) => {
      const at = cursor(output.stdout);
      return names.map(() => succeeded(accountOf(at.line())));
    },
  }),
  predict: () => UNKNOWN,
};

/** A user of the host, or null. @example await read(account('nova')) // { name: 'nova', uid: 64060, … } */
export function account(name: string): Probe<Account | null> {
  return probe(kind, name, [`user:/${name}`, 'path:/etc/passwd']);
}

function accountOf(line: string): Account | null {
  const [name, , uid, gid, , home = '', shell = ''] = line.split(':');
  return name ? { name, uid: Number(uid), gid: Number(gid), home, shell } : null;
}
