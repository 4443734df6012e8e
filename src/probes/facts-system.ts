import type { FactText, Facts } from './facts-parse.ts';

export function memoryFacts(text: FactText): Facts {
  const kilobytes = new Map(
    [...(text.file('/proc/meminfo') ?? '').matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );
  const megabytes = (name: string): number => Math.floor((kilobytes.get(name) ?? 0) / 1024);
  return {
    memtotal_mb: megabytes('MemTotal'),
    memfree_mb: megabytes('MemFree'),
    memavailable_mb: megabytes('MemAvailable'),
    swaptotal_mb: megabytes('SwapTotal'),
    swapfree_mb: megabytes('SwapFree'),
  };
}

interface Address {
  readonly device: string;
  readonly family: string;
  readonly address: string;
  readonly prefix: number;
}

export function networkFacts(text: FactText): Facts {
  const addresses = text.lines('addresses').flatMap(addressOf);
  const all = (family: string): readonly string[] =>
    addresses
      .filter((one) => one.family === family && !/^(?:127\.|::1$)/.test(one.address))
      .map(({ address }) => address);
  return {
    interfaces: text.lines('interfaces'),
    default_ipv4: defaultAddress(text, addresses),
    all_ipv4_addresses: all('inet'),
    all_ipv6_addresses: all('inet6'),
  };
}

/** `2: eth0    inet 192.0.2.5/24 brd … scope global eth0` */
function addressOf(line: string): readonly Address[] {
  const match = /^\d+:\s+(\S+)\s+(inet6?)\s+([0-9a-f.:]+)(?:\/(\d+))?/.exec(line);
  if (!match) return [];
  const [, device = '', family = '', address = '', prefix] = match;
  return [{ device: device.replace(/@.*$/, ''), family, address, prefix: Number(prefix ?? 32) }];
}

/** Without ip(8) the kernel's own table names at least device and gateway. */
function defaultAddress(text: FactText, addresses: readonly Address[]): Facts {
  const route = text.lines('route')[0] ?? '';
  const [kernelDevice, , kernelGateway] = kernelRoute(text.file('/proc/net/route') ?? '');
  const device = /\bdev (\S+)/.exec(route)?.[1] ?? kernelDevice;
  if (device === undefined) return {};
  const own = addresses.find((one) => one.device === device && one.family === 'inet');
  const gateway = /\bvia (\S+)/.exec(route)?.[1] ?? littleEndian(kernelGateway ?? '');
  return { interface: device, gateway, ...(own && { address: own.address, prefix: String(own.prefix) }) };
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

export function mountFacts(text: FactText): Facts {
  const sizes = new Map(text.lines('df').map((line) => sizeOf(line)));
  const rows = (text.file('/proc/mounts') ?? '').split('\n').map((line) => line.split(' ').map(unescapeOctal));
  const real = rows.filter(([device = '']) => device.startsWith('/') || device.includes(':/'));
  return {
    mounts: real.map(([device, mount = '', fstype, options]) => ({
      device,
      mount,
      fstype,
      options,
      ...sizes.get(mount),
    })),
  };
}

/** `/dev/sda1 1000 400 600 40% /boot` in KiB */
function sizeOf(line: string): readonly [string, Facts] {
  const [, total, available, mount = ''] = /\s(\d+)\s+\d+\s+(-?\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? [];
  return [mount, { size_total: Number(total) * 1024, size_available: Number(available) * 1024 }];
}

/** /proc/mounts writes blanks as \040. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export function timeFacts(text: FactText): Facts {
  const [epoch = '', moment = '', offset = '', zone = ''] = text.section('date').split(' ');
  const [date = '', time = ''] = moment.split('T');
  const [year, month, day] = date.split('-');
  const [hour, minute, second] = time.split(':');
  return {
    date_time: {
      epoch,
      date,
      time,
      year,
      month,
      day,
      hour,
      minute,
      second,
      tz: zone,
      tz_offset: offset,
      iso8601: isoOf(epoch),
    },
  };
}

function isoOf(epoch: string): string {
  const seconds = Number(epoch);
  return epoch !== '' && Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z') : '';
}
