export type Span = readonly [fromMs: number, toMs: number];

/** Sorted, overlapping and touching spans joined. */
export function mergeSpans(spans: readonly Span[], gapMs = 60): Span[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + gapMs) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** What was truly played, in the media's own time; a jump begins a new span. */
export class HeardLog {
  #spans: Span[] = [];
  #open: [number, number] | null = null;

  tick(ms: number): void {
    const now = Math.max(0, Math.round(ms));
    if (this.#open && now >= this.#open[1] && now - this.#open[1] < 1500) this.#open[1] = now;
    else {
      this.close();
      this.#open = [now, now];
    }
  }

  close(): void {
    if (this.#open && this.#open[1] - this.#open[0] >= 50) this.#spans.push(this.#open);
    this.#open = null;
  }

  /** Spans that could not be delivered: they go out with the next ones. */
  restore(spans: readonly Span[]): void {
    this.#spans.unshift(...spans);
  }

  /** Everything not yet taken; what is still playing goes on from here. */
  take(): Span[] {
    const at = this.#open?.[1];
    this.close();
    if (at !== undefined) this.#open = [at, at];
    const out = mergeSpans(this.#spans);
    this.#spans = [];
    return out;
  }
}
