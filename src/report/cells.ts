// East Asian Wide and Fullwidth (Unicode TR11) as far as terminals agree, and emoji that are shown as pictures.
const WIDE =
  /[\u1100-\u115e\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const COMBINING = /[\p{Mn}\p{Me}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that printable text takes on a terminal. */
export function cellsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOfCharacter(character);
  return cells;
}

/** The longest beginning of a text that takes no more than `most` columns. */
export function firstCells(text: string, most: number): string {
  if (ASCII.test(text)) return text.slice(0, Math.max(0, most));
  let cells = 0;
  let end = 0;
  for (const character of text) {
    cells += cellsOfCharacter(character);
    if (cells > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function cellsOfCharacter(character: string): number {
  if (COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
