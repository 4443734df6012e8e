import type { Position } from '../../contract/problem.ts';

/** A `!vault` scalar as it stands in the file: `$ANSIBLE_VAULT;…` and its hexadecimal lines. Decrypted when it is used. */
export class VaultText {
  readonly text: string;
  readonly position: Position;

  constructor(text: string, position: Position) {
    this.text = text;
    this.position = position;
  }
}

/**
 * A `!unsafe` value: data that is never read as a template, however often it passes through one. A class, so that no
 * YAML or JSON can forge one.
 */
export class Unsafe {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}
