import type PQueue from 'p-queue';
import type { Change, ChangeKind } from '../contract/change.ts';
import type { Transport } from '../contract/connection.ts';
import type { Event } from '../contract/event.ts';
import type { SecretRegistry } from '../contract/secret.ts';
import type { Problems } from '../contract/problem.ts';
import type { Addition } from '../language/inventory/assemble.ts';
import type { Inventory } from '../language/inventory/types.ts';
import type { BlockOptions } from '../language/jinja/compile.ts';
import type { CompiledExpression, CompiledTemplate, Environment } from '../language/jinja/types.ts';
import type { PlaybookLoader } from '../language/playbook/loader.ts';
import type { ConnectionDefaults } from './connection-target.ts';
import type { Exclusive } from './exclusive.ts';
import type { HostVariables } from './host-variables.ts';
import type { LinkPool } from './link-pool.ts';
import type { Recap } from './recap.ts';
import type { Registry } from './registry.ts';
import type { Stop } from './stop.ts';
import type { VarsFiles } from './vars-files.ts';

/** An event without its time stamp; the run adds it. */
export type Emit = (event: DistributiveOmit<Event, 'at'>) => void;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface Compiler {
  expression(source: string): CompiledExpression;
  template(source: string): CompiledTemplate;
  /** Backslashes escape, as Jinja2 has it. */
  templateFile(source: string, blocks?: BlockOptions): CompiledTemplate;
  /** The text of a `!vault` scalar. */
  decrypt(text: string): string;
  /** The content of a vault file. */
  decryptBytes(text: string): Uint8Array;
}

export interface RunSettings {
  readonly mode: 'run' | 'check';
  readonly showDiff: boolean;
  /** Tasks running at once over all hosts. */
  readonly forks: number;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly limit?: string;
  readonly forceHandlers: boolean;
  readonly startAtTask?: string;
  readonly connection: ConnectionDefaults;
  readonly extraVars: Readonly<Record<string, unknown>>;
  /** Seconds a task may take when it sets no `timeout`. */
  readonly taskTimeout: number;
  /** How many -v were given; `debug` with a `verbosity` asks. */
  readonly verbosity: number;
}

/** Everything a run shares; made once by the composition root and `run`. */
export interface RunContext {
  readonly settings: RunSettings;
  readonly registry: Registry;
  readonly compiler: Compiler;
  readonly environment: Environment;
  readonly loader: PlaybookLoader;
  /** Grows by add_host and group_by; whoever keeps something made of it must look again. */
  readonly inventory: Inventory;
  readonly extendInventory: (additions: readonly Addition[], problems: Problems) => void;
  readonly varsFiles: VarsFiles;
  readonly transport: Transport;
  readonly kindOf: (change: Change) => ChangeKind<Change>;
  readonly secrets: SecretRegistry;
  readonly emit: Emit;
  readonly queue: PQueue;
  /** A queue of its own for what has a limit of its own. */
  readonly queueOf: (concurrency: number) => PQueue;
  readonly links: LinkPool;
  /** Keeps tasks that are delegated to one host from running there at once. */
  readonly delegates: Exclusive;
  /** Grows when a task may have changed files of the controller, of which other tasks' arguments are made. */
  readonly controller: { version: number };
  readonly stop: Stop;
  readonly recap: Recap;
  /** What each host has learnt, kept across plays. */
  readonly variablesOf: (host: string) => HostVariables;
  /** Hosts that failed or became unreachable and take no further part. */
  readonly lost: Map<string, 'failed' | 'unreachable'>;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
}
