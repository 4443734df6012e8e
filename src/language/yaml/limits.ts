/** Bounds that no file written by a person reaches, and that keep a hostile one from stopping the controller. */
export interface YamlLimits {
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** Nesting of mappings and sequences, aliases followed. */
  readonly depth: number;
  readonly aliases: number;
  /** Nodes, those behind an alias counted each time. */
  readonly nodes: number;
}

export const defaultLimits: YamlLimits = { bytes: 8 * 1024 * 1024, depth: 100, aliases: 10_000, nodes: 1_000_000 };

/** Ends the reading of a document that exceeds a limit. */
export class LimitError extends Error {
  override name = 'LimitError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
