import type { AnyModule } from '../contract/module.ts';
import { argsSchema } from './module-docs.ts';

const TEXT_OR_LIST = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
const CONDITION = {
  anyOf: [
    { type: 'string' },
    { type: 'boolean' },
    { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'boolean' }] } },
  ],
};
const MAPPING = { type: 'object' };

/** Keywords of blocks and tasks that editors complete. */
const SHARED_KEYWORDS = {
  name: { type: 'string' },
  when: CONDITION,
  tags: TEXT_OR_LIST,
  vars: MAPPING,
  become: {},
  become_user: { type: 'string' },
  become_method: { enum: ['sudo', 'doas', 'su'] },
  environment: {},
  delegate_to: { type: 'string' },
  run_once: {},
  ignore_errors: {},
  ignore_unreachable: {},
  no_log: {},
  check_mode: {},
  diff: {},
  any_errors_fatal: {},
};

const TASK_KEYWORDS = {
  ...SHARED_KEYWORDS,
  register: { type: 'string' },
  loop: {},
  with_items: {},
  with_dict: {},
  loop_control: MAPPING,
  changed_when: CONDITION,
  failed_when: CONDITION,
  until: CONDITION,
  retries: {},
  delay: {},
  notify: TEXT_OR_LIST,
  listen: TEXT_OR_LIST,
  timeout: {},
  args: MAPPING,
  include_tasks: {},
  import_tasks: {},
  include_role: {},
  import_role: {},
};

const PLAY_KEYWORDS = {
  ...SHARED_KEYWORDS,
  hosts: TEXT_OR_LIST,
  gather_facts: {},
  roles: { type: 'array' },
  vars_files: { type: 'array' },
  pre_tasks: { $ref: '#/$defs/tasks' },
  tasks: { $ref: '#/$defs/tasks' },
  post_tasks: { $ref: '#/$defs/tasks' },
  handlers: { $ref: '#/$defs/tasks' },
  serial: {},
  max_fail_percentage: {},
  force_handlers: {},
  strategy: { enum: ['linear', 'free', 'host_pinned'] },
  order: { enum: ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'] },
  import_playbook: { type: 'string' },
};

/** JSON Schema (draft 2020-12) of playbooks: keywords and every module's arguments, from the same types that check a run. */
export function playbookSchema(modules: readonly AnyModule[]): unknown {
  const byKey = Object.fromEntries(
    modules.flatMap((module) =>
      [module.name, ...(module.aliases ?? [])].map((key) => [key, moduleSchema(module)] as const),
    ),
  );
  const block = {
    ...SHARED_KEYWORDS,
    block: { $ref: '#/$defs/tasks' },
    rescue: { $ref: '#/$defs/tasks' },
    always: { $ref: '#/$defs/tasks' },
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'tsplay playbook',
    type: 'array',
    items: { type: 'object', properties: PLAY_KEYWORDS, additionalProperties: false },
    $defs: {
      tasks: { type: 'array', items: { type: 'object', properties: { ...TASK_KEYWORDS, ...block, ...byKey } } },
    },
  };
}

function moduleSchema(module: AnyModule): unknown {
  const { $schema: _, ...schema } = argsSchema(module) as Readonly<Record<string, unknown>>;
  return { description: module.summary, anyOf: [templated(schema), { type: 'string' }, { type: 'null' }] };
}

/** Any value may also be a template, which editors must not underline. */
function templated(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema;
  const { properties, ...rest } = schema as { readonly properties?: Readonly<Record<string, unknown>> };
  if (!properties) return schema;
  const members = Object.entries(properties).map(
    ([name, field]) => [name, { anyOf: [templated(field), { type: 'string', pattern: '\\{\\{|\\{%' }] }] as const,
  );
  return { ...rest, properties: Object.fromEntries(members) };
}
