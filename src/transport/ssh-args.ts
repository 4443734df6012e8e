import { Unreachable } from '../contract/connection.ts';
import { addSetting } from './ssh-config.ts';
import type { SshSettings } from './ssh-config.ts';
import { splitWords } from './words.ts';

export interface SshArguments {
  readonly settings: SshSettings;
  readonly configFile?: string;
}

/** Options of ssh(1) that are a keyword with its value. */
const KEYWORD_FLAGS: Readonly<Record<string, string>> = { J: 'proxyjump', p: 'port', i: 'identityfile', l: 'user' };

/** Nothing is lost without them: there is one connection for the whole run, no terminal, and no forwarding. */
const FLAGS_WITHOUT_EFFECT = /^-[vqCTaxntk]+$/;

const HONOURED = new Set(
  'hostname user port identityfile identitiesonly identityagent proxyjump proxycommand userknownhostsfile globalknownhostsfile revokedhostkeys hostkeyalias stricthostkeychecking connecttimeout serveraliveinterval serveralivecountmax hashknownhosts addressfamily'.split(
    ' ',
  ),
);

const WITHOUT_EFFECT = new Set(
  'controlmaster controlpersist controlpath compression loglevel batchmode tcpkeepalive gssapiauthentication forwardx11 addkeystoagent updatehostkeys visualhostkey checkhostip requesttty passwordauthentication kbdinteractiveauthentication challengeresponseauthentication pubkeyauthentication preferredauthentications numberofpasswordprompts connectionattempts clearallforwardings sendenv'.split(
    ' ',
  ),
);

/**
 * Understands what people write in `ansible_ssh_common_args` and `ansible_ssh_extra_args`.
 *
 * @throws Unreachable for an option whose meaning would be lost.
 */
export function parseSshArgs(host: string, args: readonly string[]): SshArguments {
  const words = args.flatMap(splitWords);
  const settings = new Map<string, readonly string[]>();
  let configFile: string | undefined;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (FLAGS_WITHOUT_EFFECT.test(word)) continue;
    if (word === '-4' || word === '-6') {
      addSetting(settings, 'addressfamily', word === '-4' ? 'inet' : 'inet6');
      continue;
    }
    const { flag, value, consumed } = valueOf(host, words, index);
    index += consumed;
    if (flag === 'F') configFile = value;
    else addOption(host, settings, flag, value);
  }
  return { settings, ...(configFile !== undefined && { configFile }) };
}

function valueOf(host: string, words: readonly string[], index: number) {
  const word = words[index] ?? '';
  const flag = /^-([oJpilF])/.exec(word)?.[1];
  if (flag === undefined) throw unsupported(host, word);
  const attached = word.slice(2);
  const value = attached === '' ? words[index + 1] : attached;
  if (value === undefined) throw new Unreachable('configuration', `${host}: ssh argument ${word} has no value`);
  return { flag, value, consumed: attached === '' ? 1 : 0 };
}

function addOption(host: string, settings: Map<string, readonly string[]>, flag: string, value: string): void {
  const keyword = KEYWORD_FLAGS[flag];
  if (keyword !== undefined)
    return addSetting(settings, keyword, keyword === 'identityfile' ? JSON.stringify(value) : value);
  const [, name = '', setting = ''] = /^\s*(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(value) ?? [];
  const lower = name.toLowerCase();
  if (HONOURED.has(lower)) addSetting(settings, lower, setting);
  else if (!WITHOUT_EFFECT.has(lower)) throw unsupported(host, `-o ${value}`);
}

function unsupported(host: string, option: string): Unreachable {
  return new Unreachable(
    'configuration',
    `${host}: the ssh argument \`${option}\` is not supported; take it out of ansible_ssh_args, ansible_ssh_common_args or ansible_ssh_extra_args, or put what it means into ~/.ssh/config`,
  );
}
