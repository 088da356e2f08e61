// Watches over the page's own script and style. When the server did not send one (it was being restarted, say), the page
// is loaded again as soon as it does. A script before all others, and so small that nothing of it can be missing.
(() => {
  const KEY = "mission-control.boot";
  /** The page is not loaded again by itself more often than this before it once began. */
  const MOST = 5;
  const LONGEST_MS = 30_000;
  let waiting = false;

  addEventListener(
    "error",
    ({ target }) => {
      const isScript = target instanceof HTMLScriptElement && !document.documentElement.dataset.begun;
      const isStyle = target instanceof HTMLLinkElement && target.rel === "stylesheet";
      if (!isScript && !isStyle) return;
      document.documentElement.dataset.missing = "true";
      if (waiting) return;
      waiting = true;
      void again(target.src || target.href, 500);
    },
    true,
  );

  async function again(file, wait) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    // Whether it is there or, after an upgrade, is called otherwise: the page that comes now knows.
    const answer = await fetch(file, { cache: "reload" }).catch(() => null);
    if (answer && answer.status < 500 && mayReload()) location.reload();
    else void again(file, Math.min(LONGEST_MS, 2 * wait));
  }

  function mayReload() {
    try {
      const times = Number(sessionStorage.getItem(KEY)) + 1;
      sessionStorage.setItem(KEY, String(times));
      return times <= MOST;
    } catch {
      // Nothing can be counted, so nothing is repeated.
      return false;
    }
  }
})();
