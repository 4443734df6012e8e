/** Attributes of a path as `stat` reports them. */
export interface FileAttributes {
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
}

/**
 * `stat -c` format of a version, alike in coreutils and busybox. Times need `TZ=UTC0`. Probes read it and writes compare it.
 */
export const VERSION_FORMAT = '%d:%i:%s:%y:%z';

/** Stands for the version of a file that check mode only foresees. */
export const PREDICTED = 'predicted';

/**
 * What was found at a path, not following a final symbolic link.
 * `version` changes whenever the content or the attributes do; a write compares it again just before it renames.
 */
export type FileState =
  | { readonly kind: 'absent'; readonly path: string }
  | (FileAttributes & {
      readonly kind: 'file';
      readonly path: string;
      readonly size: number;
      readonly version: string;
      readonly mtime: number;
      readonly links: number;
    })
  | (FileAttributes & {
      readonly kind: 'directory';
      readonly path: string;
      readonly version: string;
      readonly mtime: number;
    })
  | (FileAttributes & {
      readonly kind: 'link';
      readonly path: string;
      readonly target: string;
      readonly version: string;
      readonly mtime: number;
    })
  | (FileAttributes & {
      readonly kind: 'other';
      readonly path: string;
      readonly version: string;
      readonly mtime: number;
      readonly type: string;
    });

/** A path with its links followed, and the bytes of the regular file at the end. */
export type FileContent =
  | {
      readonly kind: 'absent';
      readonly path: string /** Where a dangling link points, else `path`. */;
      readonly realPath: string;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly realPath: string;
      readonly state: Extract<FileState, { kind: 'file' }>;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'not-a-file'; readonly path: string; readonly realPath: string; readonly state: FileState }
  | {
      readonly kind: 'too-large';
      readonly path: string;
      readonly realPath: string;
      readonly state: Extract<FileState, { kind: 'file' }>;
    };
