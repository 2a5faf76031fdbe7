// Live updates: the server says that there is something new, the page asks for it. A page that nobody looks at listens to nothing.

const leastPause = 1000;

export function follow(button, text, refresh) {
  let source = null;
  let isWanted = true;
  let last = 0;
  let timer = 0;

  const say = (state, words) => {
    button.dataset.state = state;
    text.textContent = words;
  };

  const refreshSoon = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      last = performance.now();
      refresh();
    }, Math.max(0, last + leastPause - performance.now()));
  };

  const close = () => {
    source?.close();
    source = null;
  };

  const open = () => {
    close();
    if (!isWanted || document.hidden) {
      return;
    }
    say("connecting", "Connecting");
    source = new EventSource("api/events");
    source.onopen = () => say("live", "Live");
    source.addEventListener("change", refreshSoon);
    source.onerror = () => {
      say("connecting", "Reconnecting");
      if (source?.readyState === EventSource.CLOSED) {
        // The server said no, and the browser does not try again by itself.
        close();
        window.setTimeout(() => source ?? open(), 10000);
      }
    };
  };

  button.addEventListener("click", () => {
    isWanted = !isWanted;
    button.setAttribute("aria-pressed", String(isWanted));
    if (isWanted) {
      open();
      refreshSoon();
    } else {
      window.clearTimeout(timer);
      close();
      say("paused", "Paused");
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
    } else if (isWanted) {
      open();
      refreshSoon();
    }
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
