import type { FactText, Facts } from './facts-parse.ts';

interface Address {
  readonly device: string;
  readonly family: string;
  readonly address: string;
  readonly prefix: number;
  readonly broadcast: string;
  readonly scope: string;
}

/** Addresses of all interfaces, each interface under its own name, and the ways out, as Ansible tells them. */
export function networkFacts(text: FactText): Facts {
  const addresses = text.lines('addresses').flatMap(addressOf);
  const all = (family: string): readonly string[] =>
    addresses
      .filter((one) => one.family === family && !/^(?:127\.|::1$)/.test(one.address))
      .map(({ address }) => address);
  const names = text.lines('interfaces');
  const interfaces = names.map((name) => [factName(name), interfaceFacts(name, text, addresses)] as const);
  return {
    ...Object.fromEntries(interfaces),
    interfaces: names,
    default_ipv4: defaultIpv4(text, addresses),
    default_ipv6: defaultIpv6(text, addresses),
    all_ipv4_addresses: all('inet'),
    all_ipv6_addresses: all('inet6'),
    dns: resolverFacts(text.file('/etc/resolv.conf') ?? ''),
  };
}

/** `br-ex` is the fact ansible_br_ex. */
function factName(name: string): string {
  return name.replaceAll(/[-.:]/g, '_');
}

/** `2: eth0    inet 192.0.2.5/24 brd … scope global eth0` */
function addressOf(line: string): readonly Address[] {
  const match = /^\d+:\s+(\S+)\s+(inet6?)\s+([0-9a-f.:]+)(?:\/(\d+))?/.exec(line);
  if (!match) return [];
  const [, device = '', family = '', address = '', prefix] = match;
  return [
    {
      device: device.replace(/@.*$/, ''),
      family,
      address,
      prefix: Number(prefix ?? 32),
      broadcast: /\bbrd (\S+)/.exec(line)?.[1] ?? '',
      scope: /\bscope (\S+)/.exec(line)?.[1] ?? '',
    },
  ];
}

function interfaceFacts(name: string, text: FactText, addresses: readonly Address[]): Facts {
  const own = addresses.filter(({ device }) => device === name);
  const [first, ...others] = own.filter(({ family }) => family === 'inet').map(ipv4Of);
  const ipv6 = own
    .filter(({ family }) => family === 'inet6')
    .map(({ address, prefix, scope }) => ({ address, prefix: String(prefix), scope }));
  const slaves = sysfs(text, name, 'bonding/slaves');
  return {
    device: name,
    active: sysfs(text, name, 'operstate') !== 'down',
    ...linkFacts(name, text),
    ...(first && { ipv4: first }),
    ...(others.length > 0 && { ipv4_secondaries: others }),
    ...(ipv6.length > 0 && { ipv6 }),
    ...(slaves && { slaves: slaves.split(' ') }),
  };
}

function linkFacts(name: string, text: FactText): Facts {
  const macaddress = sysfs(text, name, 'address');
  const mtu = sysfs(text, name, 'mtu');
  return {
    ...(macaddress && macaddress !== '00:00:00:00:00:00' && { macaddress }),
    ...(mtu && { mtu: Number(mtu) }),
    type: typeOf(name, text),
  };
}

/** ARPHRD_ numbers of linux/if_arp.h */
const TYPES: Readonly<Record<string, string>> = { 1: 'ether', 32: 'infiniband', 512: 'ppp', 772: 'loopback' };

function typeOf(name: string, text: FactText): string {
  if (sysfs(text, name, 'bridge/bridge_id')) return 'bridge';
  if (sysfs(text, name, 'bonding/mode')) return 'bonding';
  return TYPES[sysfs(text, name, 'type') ?? ''] ?? 'unknown';
}

function sysfs(text: FactText, name: string, attribute: string): string | undefined {
  return text.file(`/sys/class/net/${name}/${attribute}`)?.trim();
}

function ipv4Of({ address, prefix, broadcast }: Address): Facts {
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { address, broadcast, netmask: dotted(mask), network: dotted((bits & mask) >>> 0), prefix: String(prefix) };
}

function dotted(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

/** Without ip(8) the kernel's own table names at least device and gateway. */
function defaultIpv4(text: FactText, addresses: readonly Address[]): Facts {
  const route = text.lines('route')[0] ?? '';
  const [kernelDevice, , kernelGateway] = kernelRoute(text.file('/proc/net/route') ?? '');
  const device = /\bdev (\S+)/.exec(route)?.[1] ?? kernelDevice;
  if (device === undefined) return {};
  const own = addresses.find((one) => one.device === device && one.family === 'inet');
  const gateway = /\bvia (\S+)/.exec(route)?.[1] ?? littleEndian(kernelGateway ?? '');
  return { interface: device, alias: device, gateway, ...linkFacts(device, text), ...(own && ipv4Of(own)) };
}

function kernelRoute(table: string): readonly string[] {
  const rows = table.split('\n').map((line) => line.split(/\s+/));
  return rows.find(([, destination]) => destination === '00000000') ?? [];
}

/** /proc/net/route writes addresses as the CPU holds them. @example littleEndian('0102A8C0') // '192.168.2.1' */
function littleEndian(hex: string): string {
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((pair) => Number.parseInt(pair, 16))
    .join('.');
}

const ANYWHERE = '0'.repeat(32);

/** /proc/net/ipv6_route: destination, its length, source, its length, next hop, metric, …, device. */
function defaultIpv6(text: FactText, addresses: readonly Address[]): Facts {
  const rows = text.lines('ipvsix').map((line) => line.trim().split(/\s+/));
  const [row] = rows
    .filter(([to, length, , , hop]) => to === ANYWHERE && length === '00' && hop !== ANYWHERE)
    .toSorted(([, , , , , a = ''], [, , , , , b = '']) => a.localeCompare(b));
  const device = row?.at(-1);
  if (row === undefined || device === undefined) return {};
  const own = addresses.find((one) => one.device === device && one.family === 'inet6' && one.scope === 'global');
  const { address, prefix, scope } = own ?? {};
  const gateway = compressed(row[4] ?? '');
  return {
    interface: device,
    gateway,
    ...linkFacts(device, text),
    ...(own && { address, prefix: String(prefix), scope }),
  };
}

/** @example compressed('fd000000000000000000000000000001') // 'fd00::1' */
function compressed(hex: string): string {
  const groups = (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':');
  const [longest] = [...groups.matchAll(/\b0(?::0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length);
  if (longest === undefined) return groups;
  const rest = groups.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${groups.slice(0, longest.index).replace(/:$/, '')}::${rest}`;
}

function resolverFacts(config: string): Facts {
  const valuesOf = (keyword: string): readonly string[] =>
    config.split('\n').flatMap((line) => {
      const [word, ...values] = line.trim().split(/\s+/);
      return word === keyword ? values : [];
    });
  const [domain] = valuesOf('domain');
  const search = valuesOf('search');
  return { nameservers: valuesOf('nameserver'), ...(search.length > 0 && { search }), ...(domain && { domain }) };
}
