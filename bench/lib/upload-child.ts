/**
 * Uploads one file in chunks over plain sockets, and waits until it is in the library: a client that makes or copies
 * more would be slower than the server it measures. Prints how long it took.
 */
import { BenchError } from "./bench-error.ts";

/** What this program is told, as JSON. */
export interface UploadOrder {
  readonly url: string;
  readonly authorization: string;
  readonly platformId: number;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** Chunks on their way at once, each on a connection of its own. */
  readonly connections: number;
}

/** What is printed after `RESULT`. */
export interface UploadResult {
  /** From asking for the upload to the answer that it is in the library. */
  readonly seconds: number;
  /** The part of it that the last request took. */
  readonly finishSeconds: number;
}

const BLOCK_BYTES = 1 << 20;

async function upload(order: UploadOrder): Promise<UploadResult> {
  const { url, authorization, sizeBytes, chunkBytes, connections } = order;
  const chunkCount = Math.ceil(sizeBytes / chunkBytes);
  const block = crypto.getRandomValues(Buffer.alloc(65_536));
  const bytes = Buffer.concat(Array.from({ length: BLOCK_BYTES / block.length }, () => block));
  const startedAtMs = performance.now();
  const uploadId = await start(order, chunkCount);
  let next = 0;
  const work = async () => {
    const line = await openLine(new URL(url));
    for (let index = next++; index < chunkCount; index = next++) {
      const length = Math.min(chunkBytes, sizeBytes - index * chunkBytes);
      const head = [
        `PUT /api/roms/upload/${uploadId} HTTP/1.1`,
        `Host: ${new URL(url).host}`,
        `Authorization: ${authorization}`,
        `X-Chunk-Index: ${index}`,
        `Content-Length: ${length}`,
      ].join("\r\n");
      await line.send(Buffer.from(`${head}\r\n\r\n`), { bytes, length });
    }
    line.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  const sentAtMs = performance.now();
  const headers = { authorization };
  const done = await fetch(`${url}/api/roms/upload/${uploadId}/complete`, { method: "POST", headers });
  if (done.status !== 201) throw new BenchError(`complete answered ${done.status} ${await done.text()}`);
  const endedAtMs = performance.now();
  return { seconds: (endedAtMs - startedAtMs) / 1000, finishSeconds: (endedAtMs - sentAtMs) / 1000 };
}

async function start(order: UploadOrder, chunkCount: number): Promise<string> {
  const response = await fetch(`${order.url}/api/roms/upload/start`, {
    method: "POST",
    headers: {
      authorization: order.authorization,
      "x-upload-platform": String(order.platformId),
      "x-upload-filename": order.fileName,
      "x-upload-total-size": String(order.sizeBytes),
      "x-upload-total-chunks": String(chunkCount),
    },
  });
  if (response.status !== 201)
    throw new BenchError(`start answered ${response.status} ${await response.text()}`);
  return ((await response.json()) as { upload_id: string }).upload_id;
}

/** One connection that sends requests one after the other. */
interface Line {
  /** Sends a head and so many bytes of a repeated block; resolves once the server answered 200. */
  send(head: Buffer, body: { readonly bytes: Buffer; readonly length: number }): Promise<void>;
  close(): void;
}

async function openLine(url: URL): Promise<Line> {
  let writable = Promise.withResolvers<void>();
  let answered = Promise.withResolvers<void>();
  let answer = "";
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      drain: () => writable.resolve(),
      data(_socket, bytes) {
        answer += bytes.toString("latin1");
        if (!answer.includes("}")) return;
        if (answer.startsWith("HTTP/1.1 200 ")) answered.resolve();
        else answered.reject(new BenchError(answer));
      },
      close: () => answered.reject(new BenchError("the server closed the connection")),
      error: (_socket, error) => answered.reject(error),
    },
  });
  const write = async (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; ) {
      writable = Promise.withResolvers<void>();
      const written = socket.write(bytes, at, bytes.length - at);
      at += Math.max(0, written);
      if (at < bytes.length) await Promise.race([writable.promise, answered.promise]);
    }
  };
  return {
    async send(head, { bytes, length }) {
      answer = "";
      answered = Promise.withResolvers<void>();
      await write(head);
      for (let left = length; left > 0; left -= bytes.length)
        await write(bytes.subarray(0, Math.min(left, bytes.length)));
      await answered.promise;
    },
    close() {
      answered.promise.catch(() => undefined);
      socket.end();
    },
  };
}

const [order = "{}"] = process.argv.slice(2);
console.log(`RESULT ${JSON.stringify(await upload(JSON.parse(order) as UploadOrder))}`);
