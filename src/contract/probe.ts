import type { Command, Output } from './command.ts';
import type { FileState } from './file-state.ts';
import type { Resource } from './resource.ts';

/** One subject's outcome. A failed reading fails the task that asked for it; it never stops the other subjects. */
export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly error: string;
      /** The cause of its ProbeError, for those who must tell several apart. */
      readonly cause?: unknown;
    };

/**
 * How one kind of fact is read: the commands for any number of subjects at once, and a pure parser of what they print.
 * Probes of one kind that are asked for together become one set of commands, because forks on the host cost more than
 * the network.
 */
export interface ProbeKind<Subject, Value> {
  readonly name: string;
  /** Must change nothing on the host. */
  commands(subjects: readonly Subject[]): readonly Command[];
  /** One reading per subject, in their order. Must not throw on odd output. */
  parse(subjects: readonly Subject[], outputs: readonly Output[]): readonly Reading<Value>[];
  /**
   * Check mode: the value after the writes that earlier tasks planned. Kinds without it become unknown as soon as a
   * planned change touches what they read.
   */
  predict?(subject: Subject, value: Value, overlay: Overlay): Value | typeof UNKNOWN;
  /** Resources it turned out to rest on only when it was read: the file at the end of a link. */
  alsoReads?(value: Value): readonly Resource[];
}

/** A typed read of a host, as data. Equal keys are one read. */
export interface Probe<Value> {
  // biome-ignore lint: the registry type; a subject is only ever used with its own kind
  readonly kind: ProbeKind<any, Value>;
  readonly subject: unknown;
  readonly key: string;
  readonly reads: readonly Resource[];
}

/** Asks for one reading. Everything asked for in one turn of the event loop travels in one frame. */
export type Read = <Value>(probe: Probe<Value>) => Promise<Value>;

/** What check mode knows about paths that earlier tasks would have written. */
export interface Overlay {
  /** The predicted state and bytes of a path, or undefined when no planned change named it. */
  file(path: string): PredictedFile | undefined;
  /** Predicted paths directly inside a directory. */
  filesIn(directory: string): readonly PredictedFile[];
  /** Any other predicted fact, by resource. */
  fact(resource: Resource): unknown;
  /** Whether any planned change may have altered one of them. */
  isTouched(resources: readonly Resource[]): boolean;
}

export interface PredictedFile {
  readonly path: string;
  readonly state: FileState;
  readonly bytes?: Uint8Array;
}

/** Stands for a reading that depends on something check mode did not do. */
export const UNKNOWN: unique symbol = Symbol('unknown');

/** A reading could not be made or understood. */
export class ProbeError extends Error {
  override name = 'ProbeError';
}

/** Thrown by `read` in check mode when the value cannot be predicted; the task's status becomes `unknown`. */
export class UnknownReading extends Error {
  override name = 'UnknownReading';
}

/** @example probe(fileState, '/etc/fstab', [pathResource('/etc/fstab')]) */
export function probe<Subject, Value>(
  kind: ProbeKind<Subject, Value>,
  subject: Subject,
  reads: readonly Resource[],
): Probe<Value> {
  return {
    kind,
    subject,
    key: `${kind.name}\0${typeof subject === 'string' ? subject : JSON.stringify(subject)}`,
    reads,
  };
}
