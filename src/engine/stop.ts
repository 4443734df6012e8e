/** A person's wish to stop: once means after the task each host is in, twice means now. */
export class Stop {
  readonly #now = new AbortController();
  #isRequested = false;

  /** Returns true when this was the second request. */
  request(): boolean {
    if (this.#isRequested) this.#now.abort(new DOMException('stopped by request', 'AbortError'));
    const isHard = this.#isRequested;
    this.#isRequested = true;
    return isHard;
  }

  get isRequested(): boolean {
    return this.#isRequested;
  }

  /** Aborted by the second request. */
  get signal(): AbortSignal {
    return this.#now.signal;
  }
}
