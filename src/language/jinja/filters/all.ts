import type { Filter } from '../types.ts';
import { dictFilters } from './dicts.ts';
import { encodingFilters } from './encoding.ts';
import { generalFilters } from './general.ts';
import { jsonFilters } from './json.ts';
import { listFilters } from './lists.ts';
import { numberFilters } from './numbers.ts';
import { orderFilters } from './order.ts';
import { pathFilters } from './paths.ts';
import { regexFilters } from './regex.ts';
import { selectFilters } from './select.ts';
import { setFilters } from './sets.ts';
import { shapeFilters } from './shape.ts';
import { textFilters } from './text.ts';
import { urlFilters } from './urls.ts';
import { yamlFilters } from './yaml.ts';

export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...Object.entries(generalFilters),
  ...Object.entries(selectFilters),
  ...Object.entries(orderFilters),
  ...Object.entries(listFilters),
  ...Object.entries(setFilters),
  ...Object.entries(shapeFilters),
  ...Object.entries(dictFilters),
  ...Object.entries(textFilters),
  ...Object.entries(numberFilters),
  ...Object.entries(encodingFilters),
  ...Object.entries(jsonFilters),
  ...Object.entries(yamlFilters),
  ...Object.entries(pathFilters),
  ...Object.entries(urlFilters),
  ...Object.entries(regexFilters),
]);
