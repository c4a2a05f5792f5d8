/**
 * Downloads one URL over a plain socket and drops the bytes: a client that parses or copies more would be slower
 * than the server it measures. Prints how many bytes of body came, and how long they took.
 */
import { BenchError } from "./bench-error.ts";

/** What is printed after `RESULT`. */
export interface DownloadResult {
  readonly status: number;
  readonly bodyBytes: number;
  /** From sending the request to the last byte. */
  readonly seconds: number;
}

const HEAD_CHARS_MAX = 65_536;

interface Reading {
  /** What came so far, until the head is whole. */
  beginning: string;
  head: string | null;
  receivedBytes: number;
}

async function download(url: URL, authorization: string): Promise<DownloadResult> {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const reading: Reading = { beginning: "", head: null, receivedBytes: 0 };
  const startedAtMs = performance.now();
  await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port),
    socket: {
      open(socket) {
        const target = `GET ${url.pathname}${url.search} HTTP/1.1`;
        socket.write(
          `${target}\r\nHost: ${url.host}\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
        );
      },
      data: (_socket, bytes) => take(reading, bytes),
      close: () => resolve(),
      error: (_socket, error) => reject(error),
    },
  });
  await ended;
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(reading.head ?? "")?.[1] ?? 0);
  return { status, bodyBytes: reading.receivedBytes, seconds: (performance.now() - startedAtMs) / 1000 };
}

function take(reading: Reading, bytes: Buffer): void {
  if (reading.head !== null) {
    reading.receivedBytes += bytes.length;
    return;
  }
  // The head can come in several pieces, and the last of them can hold the first bytes of the body.
  reading.beginning += bytes.toString("latin1");
  const end = reading.beginning.indexOf("\r\n\r\n");
  if (end < 0 && reading.beginning.length > HEAD_CHARS_MAX) throw new BenchError("the answer has no head");
  if (end < 0) return;
  reading.head = reading.beginning.slice(0, end);
  reading.receivedBytes = reading.beginning.length - end - 4;
}

const [url = "", authorization = ""] = process.argv.slice(2);
console.log(`RESULT ${JSON.stringify(await download(new URL(url), authorization))}`);
