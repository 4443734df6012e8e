import { suggest } from '../../language/suggest.ts';
import { registry } from '../compose.ts';
import { docLines } from '../doc-lines.ts';
import { modulePage } from '../module-docs.ts';
import { print, printLines, terminalColumns } from '../print-lines.ts';

/** `tsplay doc`. */
export async function doc(name: string | undefined): Promise<number> {
  const known = registry();
  if (name === undefined) {
    const width = Math.max(...known.modules.map((module) => module.name.length));
    for (const module of known.modules) console.log(`${module.name.padEnd(width)}  ${module.summary}`);
    return 0;
  }
  const module = known.find(name.replace(/^(ansible\.(builtin|legacy)|community\.general|tsplay\.builtin)\./, ''));
  if (module) {
    const page = modulePage(module).replace(/^<!--.*-->\n\n/, '');
    // Into a file or a pipe it goes as it is: Markdown.
    if (terminalColumns() === undefined) await print(page);
    else await printLines(docLines(page));
    return 0;
  }
  const similar = suggest(name, [...known.names()]);
  console.error(`error: there is no module ${name}${similar ? ` (did you mean ${similar}?)` : ''}`);
  return 1;
}
