// Runs in the measured page: watches what is painted, and how evenly.
globalThis.probe = (() => {
  const paintedAt = new Map();
  const now = () => performance.timeOrigin + performance.now();

  /** Writes down when the newest row's message, `mark <n>`, reached the screen. */
  function watchRows() {
    const channel = new MessageChannel();
    let shown = 0;
    channel.port1.onmessage = () => {
      for (let mark = shown; mark > 0 && !paintedAt.has(mark); mark--) paintedAt.set(mark, now());
    };
    const observer = new MutationObserver(() => {
      for (const row of document.querySelectorAll("[data-row]")) {
        const mark = Number(/mark (\d+)/.exec(row.textContent)?.[1] ?? 0);
        if (mark <= shown) continue;
        shown = mark;
        // A message posted from a frame's callback is delivered once the frame was painted.
        requestAnimationFrame(() => channel.port2.postMessage(null));
      }
    });
    observer.observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  }

  /** Counts frames until {@link endFrames}. */
  let frames = null;
  function beginFrames() {
    frames = { count: 0, dropped: 0, longest: 0, last: performance.now(), on: true };
    const tick = (at) => {
      if (!frames.on) return;
      const gap = at - frames.last;
      frames.count += 1;
      frames.dropped += Math.max(0, Math.round(gap / (1000 / 60)) - 1);
      frames.longest = Math.max(frames.longest, gap);
      frames.last = at;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  function endFrames() {
    frames.on = false;
    return { count: frames.count, dropped: frames.dropped, longest: frames.longest };
  }

  return { watchRows, beginFrames, endFrames, painted: () => [...paintedAt] };
})();
