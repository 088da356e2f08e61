/**
 * For the `onCloseAutoFocus` of what lies over the page. The library gives the focus back with a timer, after what lay
 * there has gone: the page, or a key that was faster than the timer, may have placed it by then, and it stays there.
 */
export function keepGivenFocus(event: Event): void {
  if (document.activeElement !== document.body) event.preventDefault();
}
