/** A wire that breaks: passes bytes to a server and drops connections at chosen places. */
import { connect, createServer, type Socket } from "node:net";

/** A server behind a wire that breaks. */
export interface CuttingProxy {
  readonly url: string;
  /** How often it broke so far. */
  cuts(): number;
  close(): void;
}

/** An answer with more bytes than this is a content; smaller ones pass. */
const HEAD_BYTES_MAX = 4_096;

/**
 * Starts a proxy on loopback. Each large answer breaks after the next number of bytes of the list, counted from the
 * end of its head; when the list is used up, all pass.
 */
export async function startCuttingProxy(
  url: string,
  cutsAfterBytes: readonly number[],
): Promise<CuttingProxy> {
  const target = new URL(url);
  const left = [...cutsAfterBytes];
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const drop = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // Broken connections are what this is for.
      socket.on("error", drop).on("close", drop);
    }
    let passedBytes = 0;
    client.on("data", (bytes) => {
      // A request: the answer to it is counted anew.
      passedBytes = 0;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      const [limitBytes] = left;
      passedBytes += bytes.length;
      if (limitBytes === undefined || passedBytes <= limitBytes + HEAD_BYTES_MAX) {
        client.write(bytes);
        return;
      }
      left.shift();
      cuts += 1;
      client.write(
        bytes.subarray(0, Math.max(0, bytes.length - (passedBytes - limitBytes - HEAD_BYTES_MAX))),
        drop,
      );
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    cuts: () => cuts,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
