/**
 * What a change must find where it is made. Check mode looks whether it is there, so that it fails where the run would
 * be refused.
 * @example { refused: '/etc/x/conf was not written', needs: [{ path: '/etc/x', as: 'writable-directory' }] }
 */
export interface Preconditions {
  /** What was not done when it is missing, in the words in which the change itself says so. */
  readonly refused: string;
  readonly needs: readonly Precondition[];
}

export interface Precondition {
  readonly path: string;
  /**
   * - `writable-directory`: names can be made and removed in it
   * - `empty-directory`: rmdir(1) will do
   * - `replaceable`: whatever is there is no mount point, which rename(2) and unlink(2) refuse with EBUSY
   * - `writable-file-system`: attributes can be set, whoever may do that
   */
  readonly as: 'writable-directory' | 'empty-directory' | 'replaceable' | 'writable-file-system';
}

/** What a path offers to whoever wants to change something there, links followed. */
export interface PathAccess {
  readonly kind: 'directory' | 'other' | 'absent';
  /** This user may make names in the directory: its mode, its flags and its mount allow it. */
  readonly isWritable: boolean;
  /** The mount or the file system refuses every write. */
  readonly isReadOnly: boolean;
  /** The path itself, not what it links to. */
  readonly isMountPoint: boolean;
}
