/** Why a Nova service would not start with these files, as oslo.config and Nova's own checks would say; nothing when it would. */
export function novaRefusal(service: string, files: ReadonlyMap<string, string>): string | undefined {
  for (const [path, text] of files) {
    const refusal = parseRefusal(text);
    if (refusal) return `oslo_config.cfg.ConfigFileParseError: Failed to parse ${path}: ${refusal}`;
  }
  const options = [...files.values()].flatMap(optionsOf);
  return jsonRefusal(options) ?? (service === 'nova-scheduler' ? filterRefusal(options) : undefined);
}

type Option = readonly [section: string, key: string, value: string];

/** After oslo_config/iniparser.py: a continuation starts with white space, and ends at a blank line or a comment. */
function parseRefusal(text: string): string | undefined {
  let inValue = false;
  let section = '';
  for (const [index, line] of text.split('\n').entries()) {
    const at = `at ${path(index)}`;
    if (line.trim() === '') inValue = false;
    else if (/^[ \t]/.test(line)) {
      if (!inValue) return `${at}, Unexpected continuation line: '${line}'`;
    } else if (/^[#;]/.test(line)) inValue = false;
    else if (line.startsWith('[')) {
      if (!line.trimEnd().endsWith(']')) return `${at}, Invalid section (must end with ]): '${line}'`;
      section = line.trim().slice(1, -1);
      if (section === '') return `${at}, Empty section name: '${line}'`;
      inValue = false;
    } else if (!/[=:]/.test(line)) return `${at}, No ':' or '=' found in assignment: '${line}'`;
    else if (section === '') return `${at}, Section must be started before assignment: '${line}'`;
    else inValue = true;
  }
  return undefined;
}

const path = (index: number): string => `line ${index + 1}`;

function optionsOf(text: string): readonly Option[] {
  const options: [string, string, string][] = [];
  let section = '';
  for (const line of text.split('\n')) {
    const last = options.at(-1);
    if (/^[ \t]/.test(line) && line.trim() !== '' && last) last[2] += `\n${line.trim()}`;
    else if (line.startsWith('[')) section = line.trim().slice(1, -1);
    else if (!/^[#;]/.test(line) && /[=:]/.test(line)) {
      const cut = line.search(/[=:]/);
      options.push([section, line.slice(0, cut).trim(), line.slice(cut + 1).trim()]);
    }
  }
  return options;
}

const json = new Set([
  'pci/alias',
  'DEFAULT/pci_alias',
  'pci/device_spec',
  'pci/passthrough_whitelist',
  'DEFAULT/pci_passthrough_whitelist',
]);

/** Quotes around the whole value are taken off before it is parsed. */
const unquoted = (value: string): string => /^(['"])(.*)\1$/s.exec(value)?.[2] ?? value;

function jsonRefusal(options: readonly Option[]): string | undefined {
  for (const [section, key, value] of options) {
    const name = `${section.toLowerCase() === 'default' ? 'DEFAULT' : section.toLowerCase()}/${key}`;
    if (!json.has(name)) continue;
    try {
      JSON.parse(unquoted(value));
    } catch {
      return `nova.exception.PciInvalidAlias: Invalid PCI alias definition: ${name}: ${value}`;
    }
  }
  return undefined;
}

const removedFilters = [
  'CoreFilter',
  'RamFilter',
  'DiskFilter',
  'RetryFilter',
  'AvailabilityZoneFilter',
  'AggregateCoreFilter',
  'AggregateRamFilter',
  'AggregateDiskFilter',
  'ExactRamFilter',
  'ExactCoreFilter',
  'ExactDiskFilter',
];

function filterRefusal(options: readonly Option[]): string | undefined {
  const enabled =
    options.findLast(([section, key]) => section === 'filter_scheduler' && key === 'enabled_filters')?.[2] ?? '';
  const removed = enabled.split(/[,\s]+/).find((name) => removedFilters.includes(name));
  return removed
    ? `nova.exception.SchedulerHostFilterNotFound: Scheduler Host Filter ${removed} could not be found.`
    : undefined;
}
