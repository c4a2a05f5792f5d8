import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import { createTestEventSocket, type EventSocketData } from "./event-socket.ts";
import { createTestServer, type TestServer } from "./test-server.ts";

/** A test server on loopback, and a proxy in front of it that can cut connections. */
export interface ServedTestServer extends AsyncDisposable {
  readonly server: TestServer;
  readonly proxy: CuttingProxy;
  /** Address of the server itself. */
  readonly url: string;
}

/** Serves a test server on a free port; bind it with `await using`. */
export async function serveTestServer(
  options: { readonly hasMarks?: boolean } = {},
): Promise<ServedTestServer> {
  const server = createTestServer(options);
  const socket = createTestEventSocket(server);
  const listener = Bun.serve<EventSocketData>({
    hostname: "127.0.0.1",
    port: 0,
    websocket: socket.handler,
    async fetch(request, bun) {
      if (socket.isHandshake(request)) return await socket.answer(request, bun);
      // Bun ends a stream that is silent for ten seconds otherwise.
      bun.timeout(request, 0);
      return await server.handle(request);
    },
  });
  const port = listener.port ?? 0;
  const proxy = await startCuttingProxy(port);
  return {
    server,
    proxy,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      proxy.stop();
      await listener.stop(true);
    },
  };
}
