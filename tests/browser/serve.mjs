// A static server for a folder, on 127.0.0.1 and a port of the system's choice.
//
//   const server = await serve("dist");    server.url, await server.close()
//   node serve.mjs [FOLDER]                serves until Ctrl+C

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".wat": "text/plain; charset=utf-8",
};

/** The file that a request means, or null for none. Never one outside of `root`. */
async function fileFor(root, url) {
  try {
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const wanted = join(root, normalize(path));
    if (wanted !== root && !wanted.startsWith(root + sep)) return null;
    const file = path.endsWith("/") ? join(wanted, "index.html") : wanted;
    const about = await stat(file);
    return about.isFile() ? { file, size: about.size } : null;
  } catch {
    return null;
  }
}

/** Serves `folder`; `prefix` is where it appears, such as "/some/folder/". */
export async function serve(folder, prefix = "/") {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    const inside = request.url.startsWith(prefix);
    const found = inside ? await fileFor(root, "/" + request.url.slice(prefix.length)) : null;
    if (!found || !["GET", "HEAD"].includes(request.method)) {
      response.writeHead(found ? 405 : 404, { "content-type": "text/plain" });
      response.end();
      return;
    }
    response.writeHead(200, {
      "cache-control": "no-store",
      "content-length": found.size,
      "content-type": TYPES[extname(found.file)] ?? "application/octet-stream",
      "x-content-type-options": "nosniff",
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(found.file).on("error", () => response.destroy()).pipe(response);
  });
  await new Promise((listening, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", listening);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close() {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(process.argv[2] ?? "dist");
  console.log(server.url);
}
