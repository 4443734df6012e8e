/** A place in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong with what the user wrote, found without a host. Problems are collected and shown together. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly position?: Position;
  /** Path into the document: `plays[0].tasks[3].lineinfile.path`. */
  readonly path?: string;
  readonly message: string;
  /** What to do, e.g. "did you mean `serial`?" */
  readonly hint?: string;
}

/** Collects problems; parsing goes on after one so that all are shown at once. */
export class Problems {
  readonly list: Problem[] = [];

  error(message: string, place: Omit<Problem, 'severity' | 'message'> = {}): void {
    this.list.push({ severity: 'error', message, ...place });
  }

  warn(message: string, place: Omit<Problem, 'severity' | 'message'> = {}): void {
    this.list.push({ severity: 'warning', message, ...place });
  }

  get hasErrors(): boolean {
    return this.list.some((problem) => problem.severity === 'error');
  }
}

/** @example formatProblem({severity:'error', position:{file:'site.yaml',line:14,column:9}, path:'plays[0].hosts', message:'must be a string'}) */
export function formatProblem(problem: Problem): string {
  const { position, path, message, hint } = problem;
  const place = position ? `${position.file}:${position.line}:${position.column}` : '';
  const head = [place, path].filter(Boolean).join('  ');
  return `${head}${head ? ': ' : ''}${message}${hint ? ` (${hint})` : ''}`;
}
