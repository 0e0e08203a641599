// Trunk calls this while it fetches and starts the program; see page.js for what is shown.

// The size in bytes, once it is known. Trunk's own figure is that of the program before it was
// optimised, and a compressing host states the compressed size: then there is none.
let total = 0;

function noteSize(response) {
  const length = Number(response.headers.get("content-length"));
  if (length > 0 && !response.headers.has("content-encoding")) total = length;
}

export default function initializer() {
  return {
    onStart: () => {
      if (!stepwellPage.canStart()) throw new Error("Stepwell cannot run in this browser.");
      stepwellPage.progress(0, 0);
      // The next request is the one for the program.
      const fetch = window.fetch;
      window.fetch = async (...request) => {
        window.fetch = fetch;
        const response = await fetch(...request);
        noteSize(response);
        return response;
      };
    },
    onProgress: ({ current }) => {
      if (total === 0 || current < total) stepwellPage.progress(current, total);
      else stepwellPage.starting();
    },
    onComplete: () => {},
    onSuccess: () => stepwellPage.starting(),
    onFailure: (error) => stepwellPage.failToLoad(error),
  };
}
