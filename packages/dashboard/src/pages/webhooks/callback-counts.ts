/** How callbacks were answered since the server started, by result. */
export type CallbackCounts = Record<string, number>;

const LINE = /^mission_control_callbacks_total\{result="([a-z_]+)"\}\s+(\d+(?:\.\d+)?(?:e\+?\d+)?)/;

/** Finds the callback counters in the server's Prometheus text. */
export function readCallbackCounts(prometheus: string): CallbackCounts {
  const counts: CallbackCounts = {};
  for (const line of prometheus.split("\n")) {
    const found = LINE.exec(line);
    if (found?.[1]) counts[found[1]] = Number(found[2]);
  }
  return counts;
}

/** The counts at one moment. */
export interface CountSample {
  /** Milliseconds since 1970. */
  at: number;
  counts: CallbackCounts;
}

/** What was counted between each sample and the one before it; a server that restarted counts from zero. */
export function increases(samples: readonly CountSample[]): CountSample[] {
  return samples.slice(1).map(({ at, counts }, index) => {
    const before = samples[index]?.counts ?? {};
    const grown = Object.entries(counts).map(([result, count]): [string, number] => {
      const earlier = before[result] ?? 0;
      return [result, count >= earlier ? count - earlier : count];
    });
    return { at, counts: Object.fromEntries(grown) };
  });
}
