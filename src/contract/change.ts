import type { Input, Output } from './command.ts';
import type { FileAttributes, FileState } from './file-state.ts';
import type { Preconditions } from './precondition.ts';
import type { HttpClient, HttpRequest } from './http.ts';
import type { PredictedFile } from './probe.ts';
import type { Resource } from './resource.ts';
import type { HostSession } from './host-session.ts';

/**
 * Replaces or creates a regular file: temporary file in the same directory, created exclusively with its final mode and
 * owner, validated, flushed, then renamed over the path.
 */
export interface WriteFile {
  readonly kind: 'write-file';
  /** The real path: links are resolved by the module, so that none is silently replaced. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** What was there when the plan was made. The write is refused when the host's file is no longer that one. */
  readonly before: { readonly state: FileState; readonly bytes?: Uint8Array };
  /** Runs with `%s` replaced by the temporary path; a non-zero exit leaves the file as it was. */
  readonly validate?: readonly [string, ...string[]];
  /** Keep a copy beside the file as `<path>.<timestamp>~` before replacing it. */
  readonly backup?: boolean;
  /** The content holds secrets: diffs show only that it differs. */
  readonly sensitive?: boolean;
  /** Texts inside the content that must not be shown; diffs put the mask in their place, longest first. */
  readonly secrets?: readonly string[];
}

export interface MakeDirectory {
  readonly kind: 'make-directory';
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
}

export interface MakeLink {
  readonly kind: 'make-link';
  readonly path: string;
  readonly target: string;
  readonly hard?: boolean;
  /** What the target of a hard link was when the plan was made, for check mode. */
  readonly source?: FileState;
  readonly before: FileState;
}

export interface RemovePath {
  readonly kind: 'remove-path';
  readonly path: string;
  readonly recursive?: boolean;
  readonly before: FileState;
  /** Bytes of a regular file, for the diff and for undo. */
  readonly bytes?: Uint8Array;
}

export interface SetAttributes {
  readonly kind: 'set-attributes';
  readonly path: string;
  readonly before: FileAttributes;
  readonly after: { readonly mode?: number; readonly owner?: string; readonly group?: string };
  readonly recursive?: boolean;
}

/** Anything a program does that has no kind of its own (update-grub, systemctl restart, apt-get install). */
export interface RunCommand {
  readonly kind: 'run-command';
  readonly argv: readonly [string, ...string[]];
  /** What a person should read instead of the words, e.g. "rebuild the initramfs of every kernel". */
  readonly purpose?: string;
  readonly stdin?: Input;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds. Default: the task's own timeout, else 30 minutes. */
  readonly deadlineMs?: number;
  /** Exit codes that mean success. Absent: `[0]`. `any` leaves the judgement to the module's result. */
  readonly success?: readonly number[] | 'any';
  readonly touches: readonly Resource[];
  /** Facts that hold afterwards, for check mode. */
  readonly predicts?: readonly PredictedFact[];
  /**
   * What takes back the changes made before it, in this order, should it fail: the old file, a service restarted with it.
   * The task fails all the same and says what was taken back.
   */
  readonly onFailure?: readonly Change[];
  /**
   * Texts it may print that nobody should see, such as a log that quotes its configuration. What it prints is then not shown
   * while it runs, and in its error and result the mask stands in their place.
   */
  readonly secrets?: readonly string[];
}

export interface LoadKernelModule {
  readonly kind: 'load-kernel-module';
  readonly module: string;
  readonly params: readonly string[];
}

export interface UnloadKernelModule {
  readonly kind: 'unload-kernel-module';
  readonly module: string;
}

/** Live driver change of one PCI function through driver_override and drivers_probe. `driver: null` gives it back to its own. */
export interface BindPciFunction {
  readonly kind: 'bind-pci-function';
  readonly address: string;
  readonly driver: string | null;
  readonly before: string | null;
  /** Milliseconds a write to `unbind` may hang before the host is left as it is, with the override set. */
  readonly deadlineMs: number;
  /** What takes back the functions bound before it, where the driver refuses this one: half a card is no good to anybody. */
  readonly onFailure?: readonly Change[];
}

export interface Reboot {
  readonly kind: 'reboot';
  readonly reasons: readonly RebootReason[];
  readonly bootId: string;
  readonly machineId: string;
  /** Milliseconds until the host must be back. */
  readonly deadlineMs: number;
  /** Milliseconds it must then stay up with the same boot id. */
  readonly stableMs: number;
  /** Must exit 0 on the new boot. */
  readonly testCommand: readonly [string, ...string[]];
  readonly message: string;
  /** The kernel of the entry that is to be booted, as uname(1) would print it; absent where its file's name does not say. */
  readonly kernelRelease?: string;
}

export interface RebootReason {
  readonly kind:
    | 'cmdline'
    | 'initramfs'
    | 'module-param'
    | 'binding'
    | 'blacklist'
    | 'firmware'
    | 'package'
    | 'requested';
  readonly detail: string;
}

/** An HTTP request that changes something behind an API, made by the host so that the host's credentials and network serve. */
export interface CallApi {
  readonly kind: 'call-api';
  readonly request: HttpRequest;
  readonly client: HttpClient;
  /** What a person should read: "create the flavor gpu.a100". */
  readonly purpose: string;
  /** Status codes that mean success. */
  readonly success: readonly number[];
  /** What to do about other status codes, added to the error. */
  readonly advice?: Readonly<Record<number, string>>;
  /** What changes; absent: the purpose says it. */
  readonly diff?: Extract<Diff, { kind: 'attributes' }>;
  readonly touches: readonly Resource[];
  /** Facts that hold afterwards, for check mode. */
  readonly predicts?: readonly PredictedFact[];
}

/** The closed union of everything tsplay can do to a host. */
export type Change =
  | WriteFile
  | MakeDirectory
  | MakeLink
  | RemovePath
  | SetAttributes
  | RunCommand
  | LoadKernelModule
  | UnloadKernelModule
  | BindPciFunction
  | Reboot
  | CallApi;

export interface PredictedFact {
  readonly resource: Resource;
  readonly value: unknown;
}

/** A change as a person reads it: text before and after, or a list of attributes. */
export type Diff =
  | { readonly kind: 'text'; readonly path: string; readonly before: string | null; readonly after: string | null }
  | {
      readonly kind: 'attributes';
      readonly path: string;
      readonly before: Readonly<Record<string, string>>;
      readonly after: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'action'; readonly description: string };

/** What a change did; `output` is what a run-command printed. */
export interface Applied {
  readonly change: Change;
  readonly output?: Output;
  /** Seconds. */
  readonly elapsed: number;
  /** When it began by the controller's clock, in milliseconds since 1970; of programs only. */
  readonly startedAt?: number;
  /** A kind's own additions to the task's result, e.g. the new boot id. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** The behaviour of one kind of change; one file each in src/changes/. */
export interface ChangeKind<C extends Change> {
  readonly kind: C['kind'];
  /** One line, imperative: "write /etc/default/grub (0644 root:root)". */
  describe(change: C): string;
  diff(change: C): Diff;
  touches(change: C): readonly Resource[];
  /** Facts and files as they will be, for check mode. */
  predict(change: C): { readonly files: readonly PredictedFile[]; readonly facts: readonly PredictedFact[] };
  /** What must be there for it; kinds without it are not known to be refused. Only check mode asks. */
  preconditions?(change: C): Preconditions;
  /** Throws {@link TaskError} when the host refused; a thrown ConnectionError passes through. */
  apply(change: C, session: HostSession): Promise<Applied>;
  /** The change that takes this one back, where there is one. */
  undo(change: C): Change | undefined;
}
