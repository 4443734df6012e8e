import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableLine } from './printable.ts';

test.each([
  ['clears the screen', '\u001b[2J', '\\e[2J'],
  ['renames the window', '\u001b]0;pwned\u0007', '\\e]0;pwned\\x07'],
  ['makes a link', '\u001b]8;;http://evil\u001b\\', '\\e]8;;http://evil\\e\\'],
  ['fills the clipboard', '\u001b]52;c;aGk=\u0007', '\\e]52;c;aGk=\\x07'],
  ['sends a device control string', '\u001bP$q\u001b\\', '\\eP$q\\e\\'],
  ['uses the 8-bit form of CSI', '\u009b2J', '\\x9b2J'],
  ['overwrites the line', 'failed\rok', 'failed\\rok'],
  ['rings and steps back', '\u0007\u0008', '\\x07\\x08'],
  ['turns the direction around', 'a\u202egpj.exe', 'a\\u202egpj.exe'],
  ['isolates a direction', '\u2066x\u2069', '\\u2066x\\u2069'],
  ['hides between letters', 'ro\u200bot', 'ro\\u200bot'],
  ['breaks the line in Unicode', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
  ['hides in tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
  ['is half a character', '\ud800x', '\\ud800x'],
  ['fills with nothing', 'a\u3164b', 'a\\u3164b'],
  ['hyphenates softly', 'a\u00adb', 'a\\xadb'],
])('text that %s becomes visible', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('letters of all scripts, tabs, newlines and Windows line ends stay readable', () => {
  expect(printable('Zürich 東京 עברית\ta\r\nb')).toBe('Zürich 東京 עברית\ta\nb');
  expect(printableLine('a\tb\nc')).toBe('a  b\\nc');
});

test('nothing that a terminal would act upon is left, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(printableLine(text)),
    ),
  );
});
