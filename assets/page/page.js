// What the page shows until the program is there, and what it says when that fails.
//
// The initializer reports the download through `stepwellPage`. The program itself reports on
// `window`: 'stepwell-ready' when its first frame is drawn, 'stepwell-failed' with a message in
// `detail.message`. Loaded before the program, as a classic script, so that nothing is missed.
"use strict";

const stepwellPage = (() => {
  const element = (id) => document.getElementById(id);
  const loading = element("stepwell-loading");

  const textOf = (error) => {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
    return error === undefined || error === null ? "" : String(error);
  };

  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

  // `total` is 0 where the size is not known beforehand: the bar then has no end.
  const progress = (received, total) => {
    const bar = element("stepwell-bar");
    const note = element("stepwell-note");
    if (total > 0) {
      bar.max = total;
      bar.value = received;
      note.textContent = `${megabytes(received)} of ${megabytes(total)}`;
    } else {
      bar.removeAttribute("value");
      note.textContent = received > 0 ? megabytes(received) : "Loading …";
    }
  };

  // Everything is here: the program compiles and draws its first frame.
  const starting = () => {
    element("stepwell-bar").removeAttribute("value");
    element("stepwell-note").textContent = "Starting …";
  };

  const fail = (title, advice, error) => {
    // The first failure is the cause; what follows it are its consequences.
    if (loading.dataset.state === "failed") return;
    loading.dataset.state = "failed";
    loading.hidden = false;
    element("stepwell-progress").hidden = true;
    element("stepwell-failure-title").textContent = title;
    element("stepwell-failure-advice").textContent = advice;
    element("stepwell-failure-detail").textContent = textOf(error);
    element("stepwell-failure").hidden = false;
  };

  const failToStart = (error) =>
    fail(
      "Stepwell could not start.",
      "Please load the page again. If that does not help, another browser or the desktop program may.",
      error,
    );

  const stop = (error) =>
    fail(
      "Stepwell has stopped.",
      "This is a fault of the program, and what was open is lost. Please load the page again.",
      error,
    );

  // What other scripts of the page do wrong once the program runs is not its business.
  const ifLoading = (report) => (error) => {
    if (loading.dataset.state === "loading") report(error);
  };

  const failToLoad = (error) =>
    fail(
      "Stepwell could not be loaded.",
      "The connection may have been lost, or this browser may be too old for the program.",
      error,
    );

  const ready = () => {
    if (loading.dataset.state !== "loading") return;
    loading.dataset.state = "ready";
    loading.hidden = true;
    element("stepwell-canvas").focus({ preventScroll: true });
  };

  // Asked of a canvas of its own: a canvas keeps the first kind of context it hands out.
  const hasWebGl2 = () => {
    const context = document.createElement("canvas").getContext("webgl2");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  };

  window.addEventListener("stepwell-ready", ready);
  window.addEventListener("stepwell-failed", (event) => {
    const report = loading.dataset.state === "ready" ? stop : failToStart;
    report(event.detail?.message);
  });
  // An error before the program is there means that it will not come. A script that cannot be
  // fetched tells only its element, so listen on the way down.
  window.addEventListener(
    "error",
    (event) => {
      if (event.target instanceof HTMLScriptElement) {
        ifLoading(failToLoad)("A script of this page is missing.");
      } else if (event instanceof ErrorEvent) {
        ifLoading(failToStart)(event.error ?? event.message);
      }
    },
    true,
  );
  window.addEventListener("unhandledrejection", (event) => ifLoading(failToStart)(event.reason));

  const checkWebGl2 = () => {
    if (loading.dataset.state === "loading" && !hasWebGl2()) {
      fail(
        "This browser has no WebGL 2.",
        "Stepwell draws with it. Please switch on hardware acceleration in the settings of the browser, or use another one.",
      );
    }
  };

  // The first context of a browser takes long, and nothing else is done meanwhile: a worker has it made
  // while the program arrives. Whatever a worker cannot do is asked here.
  const checkBesides = () => {
    const ask = () => postMessage(new OffscreenCanvas(1, 1).getContext("webgl2") !== null);
    try {
      const script = URL.createObjectURL(new Blob([`(${ask})()`], { type: "text/javascript" }));
      const worker = new Worker(script);
      const done = (isThere) => {
        worker.terminate();
        URL.revokeObjectURL(script);
        if (!isThere) checkWebGl2();
      };
      worker.onmessage = (message) => done(message.data === true);
      worker.onerror = (event) => {
        event.preventDefault();
        done(false);
      };
    } catch {
      checkWebGl2();
    }
  };

  if (typeof WebAssembly !== "object") {
    fail(
      "This browser has no WebAssembly.",
      "Stepwell is written in it and cannot run here. Please use a current browser.",
    );
  } else {
    checkBesides();
  }

  return { progress, starting, failToLoad, canStart: () => loading.dataset.state === "loading" };
})();
