import type { Test } from '../types.ts';
import { comparisonTests } from './comparisons.ts';
import { resultTests } from './results.ts';
import { textTests } from './texts.ts';
import { typeTests } from './types.ts';

export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...Object.entries(typeTests),
  ...Object.entries(comparisonTests),
  ...Object.entries(textTests),
  ...Object.entries(resultTests),
]);
