import { isTruthy } from '../operators.ts';
import type { Filter } from '../types.ts';
import { ValueFault } from '../values.ts';
import { dumpYaml } from '../yaml-dump.ts';
import { integerArgument, named, textArgument } from './arguments.ts';

const NAMES = ['indent', 'sort_keys', 'default_flow_style', 'width', 'explicit_start', 'allow_unicode', 'line_break'];

interface Defaults {
  readonly indent: number;
  readonly flow: boolean | null;
}

function dumping(defaults: Defaults, positional: readonly string[]): Filter {
  return (value, args, kwargs) => {
    const given = { ...named(args, {}, positional), ...named([], kwargs, NAMES) };
    const { indent, sort_keys = true, default_flow_style = defaults.flow, explicit_start = false } = given;
    const flow = default_flow_style === null ? 'leaves' : isTruthy(default_flow_style) ? 'always' : 'never';
    const width = Math.min(9, Math.max(2, integerArgument(indent, defaults.indent)));
    return (
      (isTruthy(explicit_start) ? '---\n' : '') + dumpYaml(value, { indent: width, sorted: isTruthy(sort_keys), flow })
    );
  };
}

const fromYaml: Filter = (value, _args, _kwargs, { environment }) => {
  if (typeof value !== 'string') return value;
  if (!environment.parseYaml) throw new ValueFault('no YAML reader is available here');
  return environment.parseYaml(textArgument(value));
};

export const yamlFilters: Readonly<Record<string, Filter>> = {
  to_yaml: dumping({ indent: 2, flow: null }, []),
  to_nice_yaml: dumping({ indent: 4, flow: false }, ['indent']),
  from_yaml: fromYaml,
};
