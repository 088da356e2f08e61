// Runs in the measured page: watches what is painted, and how evenly.
globalThis.probe = (() => {
  const paintedAt = new Map();
  const now = () => performance.timeOrigin + performance.now();

  /** Writes down when the newest row's message, `mark <n>`, reached the screen. */
  function watchRows() {
    const channel = new MessageChannel();
    let shown = 0;
    let inFrame = false;
    channel.port1.onmessage = () => {
      inFrame = false;
      for (let mark = shown; mark > 0 && !paintedAt.has(mark); mark--) paintedAt.set(mark, now());
    };
    // A message posted from a frame's callback is delivered once the frame was painted.
    const frame = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (callback) =>
      frame((at) => {
        inFrame = true;
        channel.port2.postMessage(null);
        callback(at);
      });
    const observer = new MutationObserver(() => {
      for (const row of document.querySelectorAll("[data-row]")) {
        const mark = Number(/mark (\d+)/.exec(row.textContent)?.[1] ?? 0);
        if (mark <= shown) continue;
        shown = mark;
        // What changed outside of a frame is painted by the next.
        if (!inFrame) requestAnimationFrame(() => {});
      }
    });
    observer.observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  }

  /** Counts frames until {@link endFrames}. */
  let frames = null;
  function beginFrames() {
    frames = { count: 0, dropped: 0, longest: 0, gaps: [], last: performance.now(), on: true };
    const tick = (at) => {
      if (!frames.on) return;
      const gap = at - frames.last;
      frames.count += 1;
      frames.gaps.push(gap);
      frames.dropped += Math.max(0, Math.round(gap / (1000 / 60)) - 1);
      frames.longest = Math.max(frames.longest, gap);
      frames.last = at;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  function endFrames() {
    frames.on = false;
    return { count: frames.count, dropped: frames.dropped, longest: frames.longest, gaps: frames.gaps };
  }

  return { watchRows, beginFrames, endFrames, painted: () => [...paintedAt] };
})();
